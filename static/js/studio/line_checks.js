// What can be said about lines before anything is rendered: do they fit the clip, one another, and their time?
import { clockTime } from "../ui.js";
import { isStated } from "./consent.js";
import { spokenSeconds } from "./script.js";

const LINE_MIN_S = 0.2;
const PAST_END_S = 0.05;
const FASTEST = 1.35; // times a voice's own rate: faster, nobody follows
const KEEPS_LENGTH = ["cut_off", "silence"];

export const slotOf = (line) => Math.max(0, line.end_s - line.start_s);

export const keepsLength = (line) => KEEPS_LENGTH.includes(line.sync_mode);

/** "0:01.2 – 0:03.5" */
export const stretchWords = (line) => [line.start_s, line.end_s].map((at) => `${clockTime(Math.floor(at))}.${Math.floor((at % 1) * 10 + 0.01)}`).join(" – ");

/** What keeps a line from being rendered, in words; null when nothing does. `before`: the line ahead of it, if any. */
export function lineProblem(line, before, clip_s) {
  if (!Number.isFinite(line.start_s) || !Number.isFinite(line.end_s)) return "Say when it starts and ends.";
  if (line.end_s <= line.start_s) return "It ends before it starts.";
  if (slotOf(line) < LINE_MIN_S - 1e-6) return `It needs at least ${LINE_MIN_S} s.`;
  if (before && line.start_s < before.end_s - 1e-6) return "It starts before the line ahead of it has ended.";
  if (clip_s && line.end_s > clip_s + PAST_END_S) return `The clip ends at ${clip_s.toFixed(2)} s.`;
  const { voice } = line;
  if (!voice) return line.script.trim() ? null : "Type what is said, or add a recording.";
  if (voice.state === "checking") return "Still listening to the recording…";
  if (voice.state === "refused") return "This recording cannot be used.";
  return isStated(voice) ? null : "Say whose voice this is.";
}

/** How words or a recording do not fit their time, in words; null when they do. `tried`: {chars_to_cut}, once it was spoken. */
export function lineWarning(line, tried = null) {
  if (!keepsLength(line)) return null;
  const slot = slotOf(line);
  if (line.voice) {
    const over = (line.voice.duration_s ?? 0) - slot;
    return over > 0.05 ? `The recording is ${over.toFixed(1)} s longer than its place; the end is cut off.` : null;
  }
  if (tried) return tried.chars_to_cut ? `Even spoken fast it is too long: take out about ${tried.chars_to_cut} characters, or give it more time.` : null;
  const shortest = spokenSeconds(line.script, line.script_rate) / FASTEST;
  if (shortest <= slot * 1.1) return null;
  const many = Math.max(1, Math.round(line.script.trim().length * (1 - slot / shortest)));
  return `Probably too long by about ${many} characters. Listen to be sure.`;
}

/** id -> what keeps it from being rendered. */
export function lineProblems({ lines, clip }) {
  const found = new Map();
  lines.forEach((line, at) => {
    const problem = lineProblem(line, lines[at - 1], clip?.duration_s);
    if (problem) found.set(line.id, problem);
  });
  return found;
}

/** What still stands in the way of a render of single lines, in words; null when nothing does. */
export function linesMissing(project) {
  if (!project.lines.length) return "Add a line that should be said anew.";
  const problems = lineProblems(project);
  const at = project.lines.findIndex((line) => problems.has(line.id));
  return at < 0 ? null : `Line ${at + 1}: ${problems.get(project.lines[at].id)}`;
}

/** How long the video is: only lines that move the picture change the clip's length. */
export function lengthWithLines({ lines, clip }) {
  return lines.reduce((total, line) => {
    if (keepsLength(line)) return total;
    const said = line.voice ? line.voice.duration_s ?? 0 : spokenSeconds(line.script, line.script_rate);
    const more = said - slotOf(line);
    return total + (line.sync_mode === "remap" ? more : Math.max(0, more));
  }, clip?.duration_s ?? 0);
}
