// Before and after: the clip lies over the dub, and a handle says how much of it is seen.
import { icon, make } from "../ui.js";

const APART_S = 0.08; // more than this between the two pictures is seen
const ALIGNED = new Set(["cut_off", "silence"]); // with these, both show the same moment at the same time

const isAligned = ({ lines, sync_mode: mode }) => (lines ? lines.every((line) => ALIGNED.has(line.sync_mode)) : ALIGNED.has(mode));

/** Whether a render can be compared with the clip it was made of. */
const canCompare = (store, render) => Boolean(store.project.clip?.url)
  && render.request?.clip_asset === store.project.clip.id && isAligned(render.request) && (render.request.aspect ?? "source") === "source";

/**
 * The button that lays the clip over the video in `player` and takes it away again; null where they cannot be compared.
 * from_s: the clip's time at the video's beginning.
 */
export function compareButton(store, playerNow, render, { from_s = 0 } = {}) {
  if (!canCompare(store, render)) return null;
  const button = make("button", { class: "button button-ghost button-small", type: "button", "aria-pressed": "false" }, icon("compare"), make("span", { class: "label-wide" }, "Compare"));
  let wipe = null;
  button.addEventListener("click", () => {
    const player = playerNow();
    if (!player) return;
    if (wipe?.element.isConnected) {
      wipe.close();
      wipe = null;
    } else {
      wipe = wipeOver(player, store.project.clip, from_s);
    }
    button.setAttribute("aria-pressed", String(Boolean(wipe)));
  });
  return button;
}

function wipeOver({ video, frame }, clip, from_s) {
  const before = make("video", { class: "wipe-before", src: clip.url, muted: true, playsInline: true, preload: "auto", tabindex: -1, "aria-hidden": "true" });
  const handle = make("input", { class: "wipe-range", type: "range", min: 0, max: 100, value: 50, "aria-label": "How much of the clip as it was is seen, from the left" });
  const element = make("div", { class: "wipe" }, before,
    make("span", { class: "wipe-word wipe-word-before", "aria-hidden": "true" }, "Before"), make("span", { class: "wipe-word wipe-word-after", "aria-hidden": "true" }, "After"),
    make("span", { class: "wipe-line", "aria-hidden": "true" }), handle);
  const place = () => element.style.setProperty("--wipe", `${handle.value}%`);
  const follow = () => {
    const wanted = Math.max(0, from_s + video.currentTime);
    if (Math.abs(before.currentTime - wanted) > APART_S) before.currentTime = Math.min(wanted, before.duration || Infinity);
    if (video.paused !== before.paused) {
      if (video.paused) before.pause();
      else before.play().catch(() => {});
    }
  };
  const events = ["play", "pause", "seeked", "timeupdate", "ratechange"];
  events.forEach((name) => video.addEventListener(name, follow));
  handle.addEventListener("input", place);
  before.addEventListener("loadeddata", follow, { once: true });
  place();
  frame.append(element);
  const close = () => {
    events.forEach((name) => video.removeEventListener(name, follow));
    before.pause();
    element.remove();
  };
  return { element, close };
}
