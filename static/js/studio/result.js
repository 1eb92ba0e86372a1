// A finished render on the stage: the player, and what can be done with it; or why there is none.
import { request } from "../api.js";
import { CONTROLS_PX, playerOf } from "../player.js";
import { compareButton } from "./compare.js";
import { measuredSheet } from "./measured.js";
import { takeOver } from "./live.js";
import { clockTime, confirmDialog, fileSize, icon, make, notice, toast } from "../ui.js";
import { extraActions, warningsOf } from "./extras.js";
import { withEntries } from "./pronouncing.js";
import { isFilm } from "./source.js";

const STYLE_NAMES = { still: "still", natural: "natural", expressive: "expressive" };

/** `before`: what the stage showed of this render while it was made; a video that plays there goes on playing. */
export function videoView(store, render, { play, before = null }) {
  const video = make("video", { playsInline: true, preload: "auto", "aria-label": `Finished video, ${clockTime(render.duration_s ?? 0)}` });
  const isSeeThrough = render.request?.background === "transparent";
  if (isSeeThrough) video.dataset.seeThrough = "true";
  else if (render.thumbnail_url) video.poster = render.thumbnail_url;
  if (render.result?.excerpt) { // a few seconds, from somewhere in the clip
    video.loop = true;
    video.dataset.clipStart = render.result.excerpt.clip_start_s;
  } else if (render.result?.intro_s) { // the voice begins after the opening card
    video.dataset.clipStart = -render.result.intro_s;
  }
  video.src = render.output_url;
  let renewed = false;
  video.addEventListener("error", async () => {
    if (renewed) return;
    renewed = true; // links last an hour; a page may stay open longer
    const at = video.currentTime;
    const fresh = await request("GET", `/jobs/${render.id}`).catch(() => null);
    if (!fresh?.output_url) return;
    Object.assign(render, fresh);
    video.src = fresh.output_url;
    video.currentTime = at;
  });
  const wanted = play && !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const start = () => { if (wanted) video.play().catch(() => {}); };
  const growing = before?.growing && before.player?.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? before : null;
  const player = growing?.player ?? playerOf(video);
  player.element.dataset.result = render.id;
  if (growing) {
    player.frame.querySelector(".rendering")?.remove();
    const { hasPlayed } = growing;
    takeOver(player, video, { onDone: () => { growing.growing.close(); if (!hasPlayed()) start(); } });
  } else start();
  const ratio = render.width_px ? render.width_px / render.height_px : 1;
  return { element: growing?.element ?? player.element, player, frame: player.frame, below_px: CONTROLS_PX, ratio, close: () => player.video.pause() };
}

function factsOf(render) {
  return [
    render.duration_s ? clockTime(render.duration_s) : null,
    render.width_px ? `${render.width_px} × ${render.height_px}` : null,
    render.size_bytes ? fileSize(render.size_bytes) : null,
    STYLE_NAMES[render.request?.style] ?? null,
  ].filter(Boolean).join(" · ");
}

/** The row under the stage for this render. */
export function videoActions(store, render, stage) {
  if (render.type !== "done") return [make("p", {}, make("span", { class: "stage-bar-title" }, "Rendering"), " ", make("span", { class: "stage-bar-facts" }, "You can leave this page; it goes on without you."))];
  if (render.state !== "succeeded") return failedActions(store, render, stage);
  return [
    make("p", {}, make("span", { class: "stage-bar-title" }, "Video"), " ", make("span", { class: "stage-bar-facts tabular" }, factsOf(render))),
    make("div", { class: "stage-bar-actions" },
      make("a", { class: "button button-ink button-small", href: render.download_url, download: "" }, icon("download"), "Download"),
      compareButton(store, () => stage.shown?.player, render, { from_s: -(render.result?.intro_s ?? 0) }),
      ...extraActions(store, render),
      isFilm(store.project) ? "" : make("button", { class: "button button-ghost button-small", type: "button", onclick: () => reuse(store, render) }, icon("sliders"), make("span", { class: "label-wide" }, "Use its settings")),
      make("button", { class: "button button-ghost button-small", type: "button", onclick: () => remove(store, render) }, icon("trash"), make("span", { class: "label-wide" }, "Delete"))),
    ...warningsOf(render),
    measuredSheet(store, render, () => stage.shown?.player),
  ].filter(Boolean);
}

/** Where in the video it went wrong, as a sentence. */
function placeOf({ at_s, detail }) {
  const second = at_s === null || at_s === undefined ? "" : `at ${clockTime(at_s)}`;
  const said = detail?.said ? ` (“${detail.said}”)` : "";
  const sentence = detail?.sentence ? `in sentence ${detail.sentence}${said}` : "";
  const place = [second, sentence].filter(Boolean).join(", ");
  return place && ` It happened ${place}.`;
}

function failedActions(store, render, stage) {
  const failure = render.failure ?? {};
  const cancelled = render.state === "cancelled";
  const at = placeOf(failure);
  const retry = make("button", { class: "button button-ink button-small", type: "button", onclick: () => again(store, render, stage) }, icon("refresh"), cancelled ? "Start again" : "Try again");
  return [
    notice(cancelled ? "info" : "bad", `${failure.sentence ?? "Something went wrong."}${at}`, `${failure.next_step ?? ""}${cancelled || (failure.next_step ?? "").includes("cost") ? "" : " It cost nothing."}`,
      make("div", { class: "row notice-actions" }, retry,
        make("button", { class: "button button-ghost button-small", type: "button", onclick: () => remove(store, render, { ask: false }) }, icon("trash"), "Remove"))),
  ];
}

async function again(store, render, stage) {
  try {
    const job = await request("POST", `/jobs/${render.id}/retry`);
    store.putRender(job);
    stage.show(job.id);
    store.dispatchEvent(new CustomEvent("ordered", { detail: job }));
  } catch (problem) {
    toast(`${problem.sentence} ${problem.nextStep}`);
  }
}

async function remove(store, render, { ask = true } = {}) {
  const sure = !ask || await confirmDialog({ title: "Delete this render?", text: "The video file is deleted for good. The portrait, the voice and the settings stay.", action: "Delete for good" });
  if (!sure) return;
  try {
    await request("DELETE", `/jobs/${render.id}`);
    store.dropRender(render.id);
    if (ask) toast("The render is deleted.");
  } catch (problem) {
    toast(`${problem.sentence} ${problem.nextStep}`);
  }
}

/** The lines of an order as the page knows them; a recording that was deleted since is left out. */
async function linesOf(order) {
  const files = await Promise.all(order.lines.map(({ voice_asset: id }) => (id ? request("GET", `/assets/${id}`).catch(() => null) : null)));
  return order.lines.map((line, at) => ({
    id: crypto.randomUUID?.() ?? `again-${Date.now()}-${at}`,
    start_s: line.start_s,
    end_s: line.end_s,
    script: line.script?.text ?? "",
    script_voice: line.script?.voice ?? "",
    script_rate: line.script?.rate ?? 1,
    voice: files[at],
    sync_mode: line.sync_mode,
  }));
}

/** Brings back the settings this render was made with. */
async function reuse(store, render) {
  const order = render.request;
  const changes = {
    aspect: order.aspect,
    style: order.style,
    frames_per_second: order.fps,
    seed: order.seed,
    label_corner: order.label_corner,
    background: order.background ?? "photo",
    ...(order.backdrop ? { background_blur: order.backdrop.blur, background_rgb: order.backdrop.rgb } : {}),
    emotion: order.emotion ?? "neutral",
    intensity: order.intensity ?? 0.6,
    ...(order.life ?? {}),
    ...(order.idle_s ? { moved_by: "idle", idle_s: order.idle_s } : {}),
    ...(order.drive_asset ? { moved_by: "clip", clip_sound: order.mute ? "none" : order.voice_asset ? "voice" : "clip" } : {}),
    ...(order.voice_asset && !order.drive_asset ? { moved_by: "voice", voice_source: "audio" } : {}),
    ...(order.voice_asset ? {
      voice_start_s: order.voice_care?.start_s ?? 0,
      voice_end_s: order.voice_care?.end_s ?? 0,
      clean_voice: order.voice_care?.clean ?? false,
    } : {}),
    ...(order.script ? {
      moved_by: "voice",
      voice_source: "script",
      script: order.script.text,
      script_voice: order.script.voice,
      script_rate: order.script.rate,
      script_pitch: order.script.pitch,
    } : {}),
  };
  const said = [order.script, ...(order.lines ?? []).map((line) => line.script)].flatMap((script) => script?.pronunciations ?? []);
  if (said.length) changes.pronunciations = said.reduce((entries, entry) => withEntries(entries, [entry]), store.project.pronunciations);
  if (order.lines) Object.assign(changes, { voice_source: "lines", lines: await linesOf(order) });
  store.set(changes);
  toast("The settings of this render are back.");
}
