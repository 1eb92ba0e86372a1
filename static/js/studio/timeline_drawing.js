// What the timeline shows: loudness, sounds, how far the mouth and jaw open, and where something was changed.
import { colourOf } from "./wave.js";

export const LANES = { wave: [0, 34], sounds: [38, 60], mouth: [64, 128] }; // px from the top
export const HEIGHT_PX = 132;
const NARROWEST_LABEL_PX = 13;
const CLOSING = new Set(["pp", "ff"]);
const ROUND = new Set(["uw", "oh", "sh", "rr"]);

const peak = (values) => Math.max(1, ...values.map(Math.abs));

/** The viseme that counts most at each point of the track. */
export function strongestVisemes(track) {
  const names = Object.keys(track.visemes);
  return track.times_s.map((_, at) => names.reduce((best, name) => (track.visemes[name][at] > track.visemes[best][at] ? name : best), names[0]));
}

/** Stretches of the same viseme: [{name, start_s, end_s}], rest left out. */
export function visemeSpans(track) {
  const names = strongestVisemes(track);
  const gap_s = track.times_s.length > 1 ? track.times_s[1] - track.times_s[0] : 0.04;
  const spans = [];
  names.forEach((name, at) => {
    const last = spans.at(-1);
    if (last?.name === name) last.end_s = track.times_s[at] + gap_s;
    else spans.push({ name, start_s: track.times_s[at], end_s: track.times_s[at] + gap_s });
  });
  return spans.filter(({ name }) => name !== "rest");
}

/** Draws an edited track over `canvas`, `duration_s` wide; what it was before the edits stays visible as a thin line. */
export function drawTrack(canvas, { track, before, edits, duration_s: duration }) {
  const scale = Math.min(devicePixelRatio || 1, 16000 / Math.max(1, canvas.clientWidth));
  const width = canvas.clientWidth;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(HEIGHT_PX * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const x = (time_s) => (time_s / duration) * width;
  const colours = Object.fromEntries(["--text-muted", "--accent", "--info", "--border-strong", "--surface-active", "--accent-tint-strong", "--good-tint", "--info-tint", "--text"].map((name) => [name, colourOf(canvas, name)]));
  drawEdits(context, edits, x, colours);
  drawWave(context, track, x, colours);
  drawSounds(context, track, x, colours);
  if (edits.length) drawCurve(context, before, "openness", x, colours["--border-strong"], { wide: 1 });
  drawCurve(context, track, "jaw", x, colours["--info"], { wide: 1.5 });
  drawCurve(context, track, "openness", x, colours["--accent"], { wide: 1.75, filled: true });
}

function drawEdits(context, edits, x, colours) {
  context.fillStyle = colours["--accent-tint-strong"];
  for (const { kind, start_s: start, end_s: end, amount = 0 } of edits) {
    const by_s = kind === "move" ? amount : 0;
    context.fillRect(x(start + by_s), 0, Math.max(2, x(end) - x(start)), HEIGHT_PX);
  }
}

function drawWave(context, track, x, colours) {
  const [top, bottom] = LANES.wave;
  const middle = (top + bottom) / 2;
  const most = peak(track.energy);
  context.fillStyle = colours["--border-strong"];
  track.times_s.forEach((time_s, at) => {
    const next = track.times_s[at + 1] ?? time_s + 0.04;
    const tall = Math.max(1, (track.energy[at] / most) * (bottom - top));
    context.fillRect(x(time_s), middle - tall / 2, Math.max(1, x(next) - x(time_s) - 0.5), tall);
  });
}

function drawSounds(context, track, x, colours) {
  const [top, bottom] = LANES.sounds;
  context.font = "11px Inter, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  const named = track.phonemes.length ? track.phonemes.map(([name, start, end]) => ({ name, start_s: start, end_s: end, viseme: null })) : visemeSpans(track).map((one) => ({ ...one, viseme: one.name }));
  const visemes = strongestVisemes(track);
  const step_s = track.times_s.length > 1 ? track.times_s[1] - track.times_s[0] : 0.04;
  for (const { name, start_s: start, end_s: end, viseme } of named) {
    const shape = viseme ?? visemes[Math.min(visemes.length - 1, Math.max(0, Math.round(((start + end) / 2 - track.times_s[0]) / step_s)))];
    context.fillStyle = CLOSING.has(shape) ? colours["--accent-tint-strong"] : ROUND.has(shape) ? colours["--info-tint"] : colours["--surface-active"];
    context.beginPath();
    context.roundRect(x(start) + 0.5, top, Math.max(1, x(end) - x(start) - 1), bottom - top, 3);
    context.fill();
    if (x(end) - x(start) < NARROWEST_LABEL_PX) continue;
    context.fillStyle = colours["--text"];
    context.fillText(name, (x(start) + x(end)) / 2, (top + bottom) / 2 + 0.5);
  }
}

function drawCurve(context, track, name, x, colour, { wide, filled = false }) {
  const [top, bottom] = LANES.mouth;
  const values = track.articulation[name];
  const y = (value) => bottom - Math.min(1.25, Math.max(0, value)) / 1.25 * (bottom - top);
  context.beginPath();
  track.times_s.forEach((time_s, at) => (at ? context.lineTo(x(time_s), y(values[at])) : context.moveTo(x(time_s), y(values[at]))));
  context.strokeStyle = colour;
  context.lineWidth = wide;
  context.lineJoin = "round";
  context.stroke();
  if (!filled) return;
  context.lineTo(x(track.times_s.at(-1)), bottom);
  context.lineTo(x(track.times_s[0]), bottom);
  context.globalAlpha = 0.13;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = 1;
}
