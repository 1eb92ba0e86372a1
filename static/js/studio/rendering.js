// A render while it grows: what is being done, how far it is, how long it will take, the frames that are finished.
import { request } from "../api.js";
import { stageWords } from "../jobs.js";
import { announce, icon, make, roughTime, toast } from "../ui.js";
import { CONTROLS_PX, playerOf } from "../player.js";
import { pictureUrl } from "./findings.js";
import { isDub, sourceOf } from "./source.js";
import { canPlayLive, LiveVideo } from "./live.js";

const FRAMES_SHOWN = 12;
const SAID_EVERY = 0.25; // of the whole: how often a screen reader is told
const framesOf = new Map(); // render id -> addresses of its finished frames, so that looking away loses nothing

function etaWords(render) {
  if (render.state === "cancelling") return "";
  if (render.eta_s === null || render.eta_s === undefined) return "";
  if (render.eta_s < 2) return "Almost there";
  const words = `${roughTime(render.eta_s)} left`;
  return words[0].toUpperCase() + words.slice(1);
}

/** What was heard of a render's progress until its video could be played: for whoever measures. */
const markFirstPicture = (id) => performance.mark(`first-picture:${id}`);

export function renderingView(store, render, { onSized = () => {} } = {}) {
  const source = sourceOf(store.project);
  const frames = framesOf.get(render.id) ?? [];
  framesOf.set(render.id, frames);
  const words = make("p", { class: "rendering-stage" });
  const eta = make("p", { class: "rendering-eta" });
  const percent = make("p", { class: "rendering-percent", "aria-hidden": "true" });
  const bar = make("progress", { class: "progress", max: 1, value: 0, "aria-label": "Rendering" });
  const strip = make("div", { class: "frames", "aria-hidden": "true" });
  const cancel = make("button", { class: "button button-small", type: "button" }, icon("stop"), "Cancel");
  const address = isDub(store.project) ? source?.preview_url : pictureUrl(source);
  const still = address && [render.request?.portrait_asset, render.request?.clip_asset].includes(source.id) ? make("img", { class: "stage-live is-waiting", src: address, alt: "" }) : make("div", { class: "stage-live skeleton" });
  const live = make("img", { class: "stage-live", alt: "The newest finished frame", hidden: true });
  const told = make("div", { class: "rendering" },
    make("div", { class: "rendering-head" }, make("div", {}, words, eta), percent),
    bar,
    make("div", { class: "rendering-foot" }, strip, cancel));
  const picture = make("div", { class: "stage-picture", "data-rendering": render.id }, still, live, told);
  const element = make("div", { class: "stage-growing" }, picture);
  const shown = { element, frame: picture, ratio: ratioOf(store, render), close: () => { shown.player?.video.pause(); shown.growing?.close(); }, hasPlayed: () => isStarted };
  let said = -1;
  let isUnplayable = false;
  let isStarted = false;

  /** From the first playable piece on, the stage shows the video itself, with what is being done above it. */
  const startPlaying = () => {
    const video = make("video", { playsInline: true, preload: "auto", "aria-label": "The video so far" });
    const player = playerOf(video);
    player.element.dataset.live = render.id;
    video.addEventListener("loadeddata", () => markFirstPicture(render.id), { once: true });
    video.addEventListener("play", () => { isStarted = true; });
    shown.growing = new LiveVideo(video, { onBroken: stopPlaying });
    shown.player = player;
    told.classList.add("is-live");
    player.frame.append(told);
    element.replaceChildren(player.element);
    Object.assign(shown, { frame: player.frame, below_px: CONTROLS_PX });
    onSized();
  };
  const stopPlaying = () => {
    isUnplayable = true;
    shown.player = null;
    shown.growing = null;
    told.classList.remove("is-live");
    picture.append(told);
    element.replaceChildren(picture);
    Object.assign(shown, { frame: picture, below_px: 0 });
    onSized();
  };
  const play = (now) => {
    if (isUnplayable || !canPlayLive(now.live)) return;
    if (!shown.growing) startPlaying();
    shown.growing.take(now.live);
    if (isStarted || matchMedia("(prefers-reduced-motion: reduce)").matches || !shown.growing.isAhead(now.eta_s)) return;
    isStarted = true;
    shown.player.video.play().catch(() => {}); // without a click on this page it waits for one
  };

  live.addEventListener("load", () => { live.hidden = false; });
  cancel.addEventListener("click", async () => {
    cancel.disabled = true;
    try {
      store.putRender(await request("POST", `/jobs/${render.id}/cancel`));
      announce("Stopping the render.");
    } catch (problem) {
      cancel.disabled = false;
      toast(`${problem.sentence} ${problem.nextStep}`);
    }
  });

  const showFrames = () => strip.replaceChildren(...frames.slice(-FRAMES_SHOWN).map((address) => make("img", { src: address, alt: "" })));
  shown.update = (now) => {
    words.textContent = stageWords(now);
    eta.textContent = etaWords(now);
    percent.textContent = `${Math.floor(now.fraction * 100)} %`;
    if (now.stage === "queued") bar.removeAttribute("value");
    else bar.value = Math.max(bar.value, now.fraction);
    cancel.disabled = now.state === "cancelling";
    if (now.thumbnail_url && frames.at(-1) !== now.thumbnail_url) {
      frames.push(now.thumbnail_url);
      live.src = now.thumbnail_url;
      showFrames();
    }
    play(now);
    if (now.fraction - said >= SAID_EVERY) {
      said = now.fraction;
      announce(`${stageWords(now)}. ${Math.floor(now.fraction * 100)} percent.`);
    }
  };
  showFrames();
  if (frames.length) live.src = frames.at(-1);
  shown.update(render);
  return shown;
}

function ratioOf(store, render) {
  const fixed = { "9:16": 9 / 16, "4:5": 4 / 5, "1:1": 1, "16:9": 16 / 9 }[render.request?.aspect];
  const source = sourceOf(store.project);
  const width = source?.preflight?.width_px ?? source?.width_px;
  const height = source?.preflight?.height_px ?? source?.height_px;
  return fixed ?? (width ? width / height : 4 / 5);
}
