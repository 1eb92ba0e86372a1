// What may become a scene: the creator's videos, or a clip or picture that is shown as it is.
import { announce, clockTime, icon, make, notice } from "../ui.js";
import { SCENES_MAX, sceneOf } from "../studio/scenes.js";
import { refuseEarly, sendFile } from "../studio/uploading.js";

const KINDS = { talking_photo: "Talking photo", video_dub: "Dub" };
const WRONG_TYPE = { sentence: "is neither a video nor a picture.", nextStep: "Choose an MP4, MOV or WebM video, or a JPEG, PNG or WebP picture." };
const looksRight = ({ type, name }) => /^(image|video)\//.test(type) || /\.(mp4|mov|webm|mkv|jpe?g|png|webp|heic)$/i.test(name);
const isImage = ({ type, name }) => type.startsWith("image/") || /\.(jpe?g|png|webp|heic)$/i.test(name);

export function openPicker(store) {
  const place = make("div", {});
  const search = make("input", { class: "input", type: "search", placeholder: "Find a video", "aria-label": "Find a video" });
  const grid = make("ul", { class: "picker-grid" });
  const file = make("input", { type: "file", accept: "video/*,image/*", "aria-label": "Choose a clip or picture" });
  const dialog = make("dialog", { class: "dialog picker", "aria-labelledby": "picker-title" });

  const add = (source) => {
    const { scenes } = store.project;
    if (scenes.length >= SCENES_MAX) return;
    store.sources.set(source.id, source);
    const scene = sceneOf(source);
    const at = scenes.findIndex(({ id }) => id === store.chosen) + 1 || scenes.length;
    store.set({ scenes: [...scenes.slice(0, at), scene, ...scenes.slice(at)] });
    store.choose(scene.id);
    announce(`${source.title || "The video"} is scene ${at + 1} now.`);
    dialog.close();
  };

  const tileOf = (source) => make("li", {}, make("button", { class: "picker-tile", type: "button", onclick: () => add(source) },
    make("span", { class: "picker-picture" }, source.picture_url ? make("img", { src: source.picture_url, alt: "", loading: "lazy" }) : icon("film"), source.length_s ? make("span", { class: "scene-length tabular" }, clockTime(source.length_s)) : ""),
    make("span", { class: "picker-words" }, make("span", { class: "picker-title truncate" }, source.title || "Untitled"), make("span", { class: "field-hint" }, KINDS[source.kind] ?? "As it is"))));

  const draw = () => {
    const words = search.value.trim().toLowerCase();
    const found = [...store.sources.values()].filter(({ state, title }) => state === "ready" && (title ?? "").toLowerCase().includes(words));
    grid.replaceChildren(...found.map(tileOf));
    if (!found.length) grid.append(make("li", { class: "picker-none muted" }, words ? "No video is called that." : "There are no videos yet. Make a talking photo or a dub first, or bring a clip or picture."));
  };

  const take = async (chosen) => {
    const early = refuseEarly(chosen, { maxBytes: store.limits.upload_bytes, looksRight, wrongType: WRONG_TYPE });
    if (early) {
      place.replaceChildren(notice("bad", early.sentence, early.nextStep));
      return;
    }
    const asset = await sendFile(isImage(chosen) ? "picture" : "clip", chosen, place);
    if (!asset) return;
    if (asset.state === "refused") {
      place.replaceChildren(notice("bad", asset.failure.sentence, asset.failure.next_step));
      return;
    }
    add({
      id: asset.id,
      is_file: true,
      kind: asset.kind,
      title: asset.name,
      state: "ready",
      picture_url: asset.preview_url ?? (asset.kind === "picture" ? asset.url : null),
      video_url: asset.kind === "picture" ? null : asset.url,
      length_s: asset.duration_s ?? 0,
      file: asset,
    });
  };

  search.addEventListener("input", draw);
  file.addEventListener("change", () => {
    if (file.files[0]) take(file.files[0]);
    file.value = "";
  });
  dialog.append(make("div", { class: "dialog-body" },
    make("div", { class: "picker-head" }, make("h2", { id: "picker-title" }, "Add a scene"),
      make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"))),
    search, grid,
    make("div", { class: "dropzone dropzone-small" }, icon("upload"), make("strong", {}, "Bring a clip or picture"), make("span", {}, "Shown as it is, between the others"), file),
    place));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  draw();
  dialog.showModal();
  search.focus();
}

