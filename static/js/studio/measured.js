// How a dub went, measured on the finished video: the engine's own numbers, in words, with moments to jump to.
import { clockTime, icon, make } from "../ui.js";

const percent = (share) => `${Math.round(share * 100)} %`;

const degrees = (value) => `${value < 0 ? "−" : ""}${Math.abs(Math.round(value))}°`;
const roughly = (value) => (value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
const lag = (ms) => (Math.abs(ms) < 5 ? "together" : `${Math.abs(Math.round(ms))} ms ${ms > 0 ? "late" : "early"}`);

/** [what, value] of a finished dub; empty where nothing was measured. */
function rowsOf(store, { result, warnings = [] }) {
  const sheet = result?.sheet;
  if (sheet?.dubbed_share === undefined) return [];
  const codes = new Set(warnings.map(({ code }) => code));
  const rows = [["New lips, of the frames with new words", percent(sheet.dubbed_share)]];
  const people = store.project.clip?.preflight?.people ?? [];
  const guess = people.find(({ index }) => index === (store.project.face_index ?? store.project.clip.preflight.auto_face ?? 0))?.usable_share;
  const how = store.project.clip?.preflight?.estimated ? "Estimated" : "Measured";
  if (guess !== undefined) rows.push([`${how} beforehand, of the whole clip`, percent(guess)]);
  rows.push(["Without a face", percent(sheet.missing_share)], ["Something in front of the mouth", percent(sheet.covered_share)]);
  rows.push(["Mouths of the speaker to choose from", String(Math.round(sheet.mouths))]);
  rows.push(["What the clip shows of the mouth", `${codes.has("mouth_never_closed") ? "no closed lips" : "closed lips"}, ${codes.has("mouth_never_open") ? "no open mouth" : "open mouth"}`]);
  if (Number.isFinite(sheet.yaw_low_deg)) rows.push(["How far the head turns", `${degrees(sheet.yaw_low_deg)} to ${degrees(sheet.yaw_high_deg)}`]);
  if (Number.isFinite(sheet.sync_ms)) rows.push(["Lips against the voice", lag(sheet.sync_ms)]);
  const took_s = Object.values(result.stage_seconds ?? {}).reduce((sum, seconds) => sum + seconds, 0);
  if (took_s && result.duration_s) rows.push(["Time it took", `${roughly(took_s)} s, ${roughly(took_s / result.duration_s)} × its length`]);
  rows.push(["Frames", `${result.frame_count} at ${Math.round(rateOf(result.frame_rate) * 100) / 100} a second`]);
  return rows;
}

function rateOf(rate) {
  const [over, under = 1] = String(rate).split("/").map(Number);
  return over / under;
}

/** The sheet under a finished dub, folded; null where nothing was measured. `playerNow()`: what plays on the stage. */
export function measuredSheet(store, render, playerNow) {
  const rows = rowsOf(store, render);
  if (!rows.length) return null;
  const moments = (render.warnings ?? []).filter(({ at_s: at }) => at !== null && at !== undefined);
  const seek = (at_s) => {
    const video = playerNow()?.video;
    if (!video) return;
    video.pause();
    video.currentTime = at_s;
  };
  return make("details", { class: "details measured" },
    make("summary", {}, "How it went, measured", icon("chevron-down", "icon-chevron")),
    make("div", { class: "details-body stack-tight" },
      make("dl", { class: "measured-rows" }, ...rows.flatMap(([what, value]) => [make("dt", {}, what), make("dd", { class: "tabular" }, value)])),
      ...moments.map(({ at_s: at, sentence }) => make("button", { class: "link-button measured-moment", type: "button", onclick: () => seek(at) }, `${clockTime(at)} – ${sentence}`))));
}
