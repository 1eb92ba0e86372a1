// Which part of a recording is heard, and whether its background is made quieter. The recording itself stays as it is.
import { clockTime, make } from "../ui.js";

const LEAST_S = 0.5;
const STEP_S = 0.1;
const FIELDS = ["voice_start_s", "voice_end_s", "clean_voice"];
export const rounded = (value) => Math.round(value * 100) / 100;

/** From when until when the recording is heard, in seconds. */
export function heardPart(project) {
  const whole = project.voice?.duration_s ?? 0;
  const end = Math.min(project.voice_end_s || whole, whole);
  return [Math.min(project.voice_start_s || 0, end), end];
}

export function heardSeconds(project) {
  const [start, end] = heardPart(project);
  return end - start;
}

/** The part [from, until] when one of its edges goes to `at_s`: within the recording, and never too short to hear. */
export function movedPart(edge, at_s, [from, until], whole_s) {
  const within = (least, most) => Math.min(Math.max(at_s, least), Math.max(least, most));
  return edge === "start" ? [within(0, until - LEAST_S), until] : [from, within(Math.min(from + LEAST_S, whole_s), whole_s)];
}

/** Another part of the recording is heard from now on. */
export function takePart(store, from, until) {
  const whole = store.project.voice.duration_s;
  const changes = { voice_start_s: rounded(from), voice_end_s: until >= whole - 0.005 ? 0 : rounded(until) };
  const differing = Object.fromEntries(Object.entries(changes).filter(([name, value]) => store.project[name] !== value));
  if (Object.keys(differing).length) store.set(differing);
}

/** What makes another recording be heard as a whole. */
export const wholeAgain = (project) => Object.fromEntries(["voice_start_s", "voice_end_s"].filter((name) => project[name]).map((name) => [name, 0]));

/** The fields under a recording; `onPart` is told when another part is heard. */
export function careFields(store, onPart) {
  const whole = store.project.voice.duration_s;
  if (!whole) return null;
  const start = field("voice_start_s", whole);
  const end = field("voice_end_s", whole);
  const clean = make("input", { class: "checkbox", type: "checkbox", id: "clean_voice", "aria-describedby": "clean_voice-hint" });
  const facts = make("p", { class: "field-hint tabular", "aria-live": "polite" });
  const show = () => {
    const [from, until] = heardPart(store.project);
    start.value = rounded(from);
    end.value = rounded(until);
    clean.checked = store.project.clean_voice;
    facts.textContent = until - from < whole ? `${clockTime(until - from)} of ${clockTime(whole)} are heard. The recording itself stays whole.` : "";
    onPart();
  };
  const moveTo = (edge, at_s) => {
    takePart(store, ...movedPart(edge, at_s, heardPart(store.project), whole));
    show();
  };
  start.addEventListener("change", () => moveTo("start", Number(start.value) || 0));
  end.addEventListener("change", () => moveTo("end", Number(end.value) || whole));
  clean.addEventListener("change", () => store.set({ clean_voice: clean.checked }));
  const element = make("div", { class: "stack" },
    make("div", { class: "voice-grid" }, labelled(start, "Starts at (seconds)"), labelled(end, "Ends at (seconds)")),
    facts,
    make("label", { class: "check-row" }, clean, make("span", { class: "small" }, "Clean up background noise")),
    make("p", { class: "field-hint", id: "clean_voice-hint" }, "Hiss and hum become quieter, learnt from a pause in which nobody speaks."));
  show();
  return { element, show };
}

export const isCare = (names) => FIELDS.some((name) => names.includes(name));

function field(id, whole) {
  return make("input", { class: "input tabular", type: "number", id, min: "0", max: String(rounded(whole)), step: String(STEP_S), inputmode: "decimal" });
}

const labelled = (input, words) => make("div", { class: "field" }, make("label", { class: "field-label", for: input.id }, words), input);
