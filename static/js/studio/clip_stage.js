// The clip on the stage: it plays, and where it stands still at the moment we looked at, its faces can be chosen.
import { CONTROLS_PX, playerOf } from "../player.js";
import { find, make } from "../ui.js";
import { clipFindings } from "./source.js";

/** The clip's moment that the stage shows, in seconds; null while it shows nothing that moves. */
export function clipTime() {
  const video = find(".stage video");
  return video ? video.currentTime + Number(video.dataset.clipStart ?? 0) : null;
}

const NEAR_S = 0.12; // a box belongs to the frame it was found in

/** What the stage shows of a dub before it is rendered; onSized() when the shape is known. */
export function clipStage(store, onSized = () => {}) {
  const { clip } = store.project;
  const { people, speaking } = clipFindings(store.project);
  const width = clip.width_px;
  const height = clip.height_px;
  const video = make("video", { class: "stage-clip", src: clip.url, poster: clip.preview_url ?? undefined, playsInline: true, preload: "metadata", "aria-label": `Clip: ${clip.name}` });
  const player = playerOf(video, { name: "clip" });
  const figure = player.frame;
  player.element.dataset.clip = clip.id;
  const result = { element: player.element, player, frame: figure, below_px: CONTROLS_PX, ratio: width ? width / height : 16 / 9 };
  video.addEventListener("loadedmetadata", () => {
    if (!width && video.videoWidth) {
      result.ratio = video.videoWidth / video.videoHeight;
      onSized();
    }
  });
  video.addEventListener("error", () => {
    if (!video.isConnected) return;
    video.replaceWith(clip.preview_url ? make("img", { class: "stage-clip", src: clip.preview_url, alt: `Clip: ${clip.name}` }) : make("div", { class: "stage-unviewable" }));
    figure.append(make("p", { class: "stage-note" }, "This browser cannot play the clip; it can be dubbed all the same."));
    player.element.classList.add("player-unplayable");
    result.below_px = 0;
    onSized();
    isStill = true;
    showBoxes();
  }, { once: true });
  if (clip.state === "checking") figure.append(make("div", { class: "scan", "aria-hidden": "true" }));
  result.close = () => video.pause();
  let isStill = false;
  let boxes = [];
  const showBoxes = () => boxes.forEach(({ box, at_s }) => { box.hidden = !isStill && (!video.paused || Math.abs(video.currentTime - at_s) > NEAR_S); });
  if (clip.state !== "ready" || people.length < 2 || !width) return result;

  boxes = people.map((person) => {
    const [x0, y0, x1, y1] = person.box;
    const chosen = person.index === speaking?.index;
    const box = make("button", {
      class: `face-box ${y0 < 60 ? "face-near-top" : ""}`,
      type: "button",
      "aria-pressed": String(chosen),
      "aria-disabled": person.usable ? null : "true",
      "aria-label": `${person.name}${person.usable ? ": let this person speak" : " – cannot be used"}`,
      onclick: () => person.usable && store.set({ face_index: person.index }),
    }, make("span", { class: "face-tag" }, chosen ? "Speaks" : person.name));
    Object.assign(box.style, { left: `${(x0 / width) * 100}%`, top: `${(y0 / height) * 100}%`, width: `${((x1 - x0) / width) * 100}%`, height: `${((y1 - y0) / height) * 100}%` });
    return { box, at_s: person.at_s ?? 0 };
  });
  for (const name of ["play", "pause", "seeked", "timeupdate"]) video.addEventListener(name, showBoxes);
  video.addEventListener("loadedmetadata", () => { video.currentTime = (speaking ?? people[0]).at_s ?? 0; }, { once: true });
  boxes.forEach(({ box }) => figure.append(box));
  showBoxes();
  return result;
}
