// What can be made of a finished video: a thumbnail, its captions, an archive for editing.
import { Problem, request } from "../api.js";
import { watchJob } from "../jobs.js";
import { icon, make, notice, toast } from "../ui.js";
import { plain } from "./caption_cues.js";
import { inLines, toSrt, toVtt } from "./captions.js";
import { shareButton } from "./sharing.js";
import { thumbnailButton } from "./thumbnails.js";

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

/** Whether somebody has said what is spoken in it, or in one of its scenes. */
const hasWords = ({ request: order }) => [order, ...(order?.scenes ?? []).map((scene) => scene.order)].some((one) => one?.script || one?.caption_text);

/** Everything of a video for an editing program, as one archive; subtitles too, where its words are known. */
export function packageButton(render, { small = false } = {}) {
  const button = make("button", { class: "button button-ghost button-small", type: "button", title: "Video, subtitles, picture and edit list in one archive, for your editing program" },
    icon("film"), make("span", { class: small ? "visually-hidden" : "label-wide" }, "For editing"));
  button.addEventListener("click", () => busy(button, async () => {
    if (hasWords(render)) await done(request("POST", `/jobs/${render.id}/words`)).catch(() => {}); // then without subtitles
    const { url } = await request("GET", `/jobs/${render.id}/handoff`);
    make("a", { href: url, download: "" }).click();
  }));
  return button;
}

/** The buttons under a finished video. */
export function extraActions(store, render) {
  const share = shareButton(render);
  const thumbnail = thumbnailButton(store, render);
  const pack = packageButton(render);
  if (!hasWords(render)) return [share, thumbnail, pack];
  const captions = make("select", { class: "select select-small", "aria-label": "Download captions" },
    make("option", { value: "" }, "Captions"), make("option", { value: "srt" }, "SRT"), make("option", { value: "vtt" }, "WebVTT"));
  captions.addEventListener("change", () => {
    const format = captions.value;
    captions.value = "";
    busy(captions, async () => {
      const { result } = await done(request("POST", `/jobs/${render.id}/words`));
      const [type, write] = EVERY_FORMAT[format];
      const later_s = render.result?.intro_s ?? 0; // the words were found in the voice, which begins after the card
      const cues = plain(result.fitted ?? result.cues, inLines).map((cue) => ({ ...cue, start_s: cue.start_s + later_s, end_s: cue.end_s + later_s }));
      save(write(cues), type, `captions.${format}`);
    });
  });
  return [share, thumbnail, captions, pack];
}

/** What was not as it could be, said once under the video. */
export function warningsOf(render) {
  return (render.warnings ?? []).map(({ sentence, next_step: nextStep }) => notice("info", sentence, nextStep));
}
