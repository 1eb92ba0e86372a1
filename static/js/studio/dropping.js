// Files dropped anywhere on the page, or pasted: a picture becomes the portrait, a sound becomes the voice.
import { find, toast } from "../ui.js";

const PICTURE_NAMES = /\.(jpe?g|png|webp|hei[cf]|avif|bmp|tiff?|gif)$/i;
const SOUND_NAMES = /\.(mp3|wav|m4a|aac|ogg|oga|opus|flac|webm|mp4|m4v|mov)$/i; // of a video the sound is taken

export const looksLikePicture = (file) => file.type.startsWith("image/") || (!file.type && PICTURE_NAMES.test(file.name));
export const looksLikeSound = (file) => file.type.startsWith("audio/") || file.type.startsWith("video/") || SOUND_NAMES.test(file.name);

export function startDropping({ onPicture, onSound }) {
  const overlay = find("#stage-drop");
  let depth = 0;

  const take = (files) => {
    const picture = files.find(looksLikePicture);
    const sound = files.find(looksLikeSound);
    if (picture) onPicture(picture);
    if (sound) onSound(sound);
    if (files.length && !picture && !sound) {
      toast(`“${files[0].name}” is neither a picture nor a sound. Drop a photo, or a recording of a voice.`);
    }
  };

  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    overlay.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    overlay.hidden = depth === 0;
  });
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    overlay.hidden = true;
    take([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
}
