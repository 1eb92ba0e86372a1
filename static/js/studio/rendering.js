// A render while it grows: what is being done, how far it is, how long it will take, the frames that are finished.
import { request } from "../api.js";
import { stageWords } from "../jobs.js";
import { announce, icon, make, roughTime, toast } from "../ui.js";
import { pictureUrl } from "./findings.js";

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

export function renderingView(store, render) {
  const { portrait } = store.project;
  const frames = framesOf.get(render.id) ?? [];
  framesOf.set(render.id, frames);
  const words = make("p", { class: "rendering-stage" });
  const eta = make("p", { class: "rendering-eta" });
  const percent = make("p", { class: "rendering-percent", "aria-hidden": "true" });
  const bar = make("progress", { class: "progress", max: 1, value: 0, "aria-label": "Rendering" });
  const strip = make("div", { class: "frames", "aria-hidden": "true" });
  const cancel = make("button", { class: "button button-small", type: "button" }, icon("stop"), "Cancel");
  const address = pictureUrl(portrait);
  const still = address && String(render.request?.portrait_asset) === portrait.id ? make("img", { class: "stage-live is-waiting", src: address, alt: "" }) : make("div", { class: "stage-live skeleton" });
  const live = make("img", { class: "stage-live", alt: "The newest finished frame", hidden: true });
  const element = make("div", { class: "stage-picture", "data-rendering": render.id }, still, live,
    make("div", { class: "rendering" },
      make("div", { class: "rendering-head" }, make("div", {}, words, eta), percent),
      bar,
      make("div", { class: "rendering-foot" }, strip, cancel)));
  const shown = { element, ratio: ratioOf(store, render) };
  let said = -1;

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
  const { portrait } = store.project;
  const width = portrait?.preflight?.width_px ?? portrait?.width_px;
  const height = portrait?.preflight?.height_px ?? portrait?.height_px;
  return fixed ?? (width ? width / height : 4 / 5);
}
