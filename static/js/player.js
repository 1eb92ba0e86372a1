// A video with its controls below it, never over it: what is burned into the picture stays in view.
import { clockTime, icon, make } from "./ui.js";

const SEEK_STEP_S = 0.05;

/** Height of the controls, which the video's place has to leave free. */
export const CONTROLS_PX = 52;

/**
 * {element, frame, video, use}: `frame` is the box around the picture, to be given its size; `use` puts another video
 * in the place of this one.
 */
export function playerOf(video, { name = "video", rounded = true } = {}) {
  const press = make("button", { class: "player-button", type: "button" }, icon("play"));
  const start = make("button", { class: "player-start", type: "button", tabIndex: -1, "aria-hidden": "true" }, icon("play"));
  const time = make("span", { class: "player-time tabular" }, "0:00");
  const seek = make("input", { class: "range player-seek", type: "range", min: "0", max: "1", step: String(SEEK_STEP_S), value: "0", "aria-label": `Position in the ${name}` });
  const mute = make("button", { class: "player-button", type: "button" }, icon("volume"));
  const whole = make("button", { class: "player-button", type: "button", "aria-label": "Full screen" }, icon("expand"));
  const frame = make("div", { class: "player-frame" }, video, start);
  const element = make("div", { class: `player ${rounded ? "" : "player-plain"}`.trim() }, frame,
    make("div", { class: "player-controls" }, press, seek, time, mute, whole));
  let isSeeking = false;
  let drawing = 0;

  const length = () => (Number.isFinite(video.duration) ? video.duration : 0);
  const showTime = () => {
    if (!isSeeking) seek.value = String(video.currentTime);
    const at = isSeeking ? Number(seek.value) : video.currentTime;
    time.textContent = `${clockTime(at)} / ${clockTime(length())}`;
    seek.setAttribute("aria-valuetext", `${clockTime(at)} of ${clockTime(length())}`);
    seek.style.setProperty("--played", `${length() ? (at / length()) * 100 : 0}%`);
  };
  const draw = () => { // smoother than the four "timeupdate" a second
    showTime();
    drawing = video.paused ? 0 : requestAnimationFrame(draw);
  };
  const showState = () => {
    const words = video.paused ? "Play" : "Pause";
    press.replaceChildren(icon(video.paused ? "play" : "pause"));
    press.setAttribute("aria-label", words);
    element.dataset.playing = String(!video.paused);
    cancelAnimationFrame(drawing);
    draw();
  };
  const showSound = () => {
    const silent = video.muted || video.volume === 0;
    mute.replaceChildren(icon(silent ? "muted" : "volume"));
    mute.setAttribute("aria-label", silent ? "Sound on" : "Sound off");
  };
  const toggle = () => (video.paused ? video.play().catch(() => {}) : video.pause());
  const showWhole = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (element.requestFullscreen) element.requestFullscreen().catch(() => {});
    else video.webkitEnterFullscreen?.(); // iPhones only know whole-screen videos
  };

  const showLength = () => { seek.max = String(length() || 1); };
  const heard = [
    ...["play", "pause", "ended"].map((event) => [event, showState]),
    ...["loadedmetadata", "durationchange"].map((event) => [event, showLength]),
    ...["loadedmetadata", "durationchange", "seeked", "timeupdate"].map((event) => [event, showTime]),
    ["volumechange", showSound],
    ["click", toggle],
    ["dblclick", showWhole],
  ];
  const listen = () => { for (const [event, does] of heard) video.addEventListener(event, does); };
  const use = (other) => {
    for (const [event, does] of heard) video.removeEventListener(event, does);
    video.replaceWith(other);
    video = other;
    listen();
    showLength();
    showState();
    showSound();
  };

  listen();
  for (const target of [press, start]) target.addEventListener("click", toggle);
  mute.addEventListener("click", () => { video.muted = !video.muted; });
  whole.addEventListener("click", showWhole);
  seek.addEventListener("input", () => {
    isSeeking = true;
    video.currentTime = Number(seek.value);
    showTime();
  });
  seek.addEventListener("change", () => { isSeeking = false; });
  showState();
  showSound();
  return { element, frame, get video() { return video; }, use };
}
