// Files dropped anywhere on the page, or pasted: a picture (or clip) becomes the source, a sound becomes the voice.
import { find, toast } from "../ui.js";

const PICTURE_NAMES = /\.(jpe?g|png|webp|hei[cf]|avif|bmp|tiff?|gif)$/i;
const SOUND_NAMES = /\.(mp3|wav|m4a|aac|ogg|oga|opus|flac|webm|mp4|m4v|mov)$/i; // of a video the sound is taken

export const looksLikePicture = (file) => file.type.startsWith("image/") || (!file.type && PICTURE_NAMES.test(file.name));
const VIDEO_NAMES = /\.(mp4|m4v|mov|webm|mkv|avi|mpe?g|mts|ts)$/i;

export const looksLikeVideo = (file) => file.type.startsWith("video/") || (!file.type && VIDEO_NAMES.test(file.name));
export const looksLikeSound = (file) => file.type.startsWith("audio/") || file.type.startsWith("video/") || SOUND_NAMES.test(file.name);

/** What becomes of dropped files: the first row that fits takes the file. */
export const photoTakes = (portrait, voice) => ({
  rows: [[looksLikePicture, portrait.take], [looksLikeSound, voice.take]],
  otherwise: "is neither a picture nor a sound. Drop a photo, or a recording of a voice.",
});

export const dubTakes = (clip, voice) => ({
  rows: [[looksLikeVideo, clip.take], [looksLikeSound, voice.take]],
  otherwise: "is neither a video nor a sound. Drop a clip, or a recording of a voice.",
});

export function startDropping({ rows, otherwise }) {
  const overlay = find("#stage-drop");
  let depth = 0;

  const take = (files) => {
    const left = [...files];
    for (const [looksRight, takeOne] of rows) {
      const at = left.findIndex(looksRight);
      if (at >= 0) takeOne(left.splice(at, 1)[0]);
    }
    if (files.length && left.length === files.length) toast(`“${files[0].name}” ${otherwise}`);
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
