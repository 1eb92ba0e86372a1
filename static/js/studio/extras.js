// What can be made of a finished video: another picture for it, and its captions.
import { Problem, request } from "../api.js";
import { watchJob } from "../jobs.js";
import { icon, make, notice, toast } from "../ui.js";
import { plain } from "./caption_cues.js";
import { inLines, toSrt, toVtt } from "./captions.js";
import { shareButton } from "./sharing.js";

const EVERY_FORMAT = { srt: ["application/x-subrip", toSrt], vtt: ["text/vtt", toVtt] };

const ended = (job) => (job.type === "done" ? Promise.resolve(job) : new Promise((resolve) => { watchJob(job.id, (message) => message.type === "done" && resolve(message)); }));

async function done(order) {
  const job = await ended(await order);
  if (job.state !== "succeeded") throw new Problem(job.failure ?? { code: "internal", sentence: "That did not work.", next_step: "Try again." });
  return job;
}

async function busy(button, work) {
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (problem) {
    toast(`${problem.sentence ?? "That did not work."} ${problem.nextStep ?? ""}`);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function save(text, type, name) {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Everything of a video for an editing program, as one archive; subtitles too, where its words are known. */
export function packageButton(render, { small = false } = {}) {
  const button = make("button", { class: "button button-ghost button-small", type: "button", title: "Video, subtitles, picture and edit list in one archive, for your editing program" },
    icon("film"), make("span", { class: small ? "visually-hidden" : "label-wide" }, "For editing"));
  button.addEventListener("click", () => busy(button, async () => {
    if (render.request?.script || render.request?.caption_text) await done(request("POST", `/jobs/${render.id}/words`)).catch(() => {}); // then without subtitles
    const { url } = await request("GET", `/jobs/${render.id}/handoff`);
    make("a", { href: url, download: "" }).click();
  }));
  return button;
}

/** The buttons under a finished video. */
export function extraActions(store, render) {
  const ghost = { class: "button button-ghost button-small", type: "button" };
  const still = make("button", { ...ghost, title: "The frame you see becomes the video’s picture" }, icon("image"), make("span", { class: "label-wide" }, "Use this frame"));
  still.addEventListener("click", () => busy(still, async () => {
    const at_s = document.querySelector(".stage video")?.currentTime ?? 0;
    const job = await done(request("POST", `/jobs/${render.id}/still`, { at_s }));
    store.render(render.id).thumbnail_url = job.output_url; // quietly: the video on the stage plays on
    const film = document.querySelector(`.film[data-view="${render.id}"] img`);
    if (film) film.src = job.output_url;
    toast("This frame is the video’s picture now.", { action: "Download it", onAction: () => make("a", { href: job.download_url, download: "" }).click() });
  }));
  const share = shareButton(render);
  const pack = packageButton(render);
  if (!render.request?.script && !render.request?.caption_text) return [share, still, pack];
  const captions = make("select", { class: "select select-small", "aria-label": "Download captions" },
    make("option", { value: "" }, "Captions"), make("option", { value: "srt" }, "SRT"), make("option", { value: "vtt" }, "WebVTT"));
  captions.addEventListener("change", () => {
    const format = captions.value;
    captions.value = "";
    busy(captions, async () => {
      const { result } = await done(request("POST", `/jobs/${render.id}/words`));
      const [type, write] = EVERY_FORMAT[format];
      save(write(plain(result.fitted ?? result.cues, inLines)), type, `captions.${format}`);
    });
  });
  return [share, still, captions, pack];
}

/** What was not as it could be, said once under the video. */
export function warningsOf(render) {
  return (render.warnings ?? []).map(({ sentence, next_step: nextStep }) => notice("info", sentence, nextStep));
}
