// One line of a clip: when, who says what, and how the picture goes along. Built when it is opened.
import { request, untilChecked } from "../api.js";
import { watchJob } from "../jobs.js";
import { announce, clockTime, icon, make, notice } from "../ui.js";
import { clipTime } from "./clip_stage.js";
import { consentRow } from "./consent.js";
import { looksLikeSound } from "./dropping.js";
import { lineWarning, slotOf, stretchWords } from "./line_checks.js";
import { spelledIn } from "./pronouncing.js";
import { startRecorder } from "./recorder.js";
import { refuseEarly, sendFile } from "./uploading.js";

const WRONG_TYPE = { sentence: "is not a sound.", nextStep: "Choose a recording (MP3, WAV, M4A, OGG, FLAC, WebM)." };
const MODES = [
  ["silence", "Stays as it is"],
  ["remap", "Slows or hurries to the words"],
  ["loop", "Repeats until the words end"],
  ["bounce", "Runs back and forth until the words end"],
];
const tried = new Map(); // what was spoken for a time: words, voice and time -> {chars_to_cut, rate, url}

const trialKey = (line, said) => JSON.stringify([line.script.trim(), line.script_voice, line.script_rate, slotOf(line).toFixed(2), spelledIn(line.script, said)]);

export const triedOf = (line, said) => (line.voice ? null : tried.get(trialKey(line, said)) ?? null);

/**
 * A row that folds. `list`: {store, voiceOptions(), change(id, changes, {isFlowing}), remove(id), say(id, asset)}.
 * `update(line, number, problem)` shows the line as it is now.
 */
export class LineRow {
  constructor(list, line) {
    this.list = list;
    this.id = line.id;
    this.line = line;
    this.words = make("span", { class: "line-words truncate" });
    this.times = make("span", { class: "line-times tabular" });
    this.badge = make("span", { class: "badge badge-warn", hidden: true });
    this.body = make("div", { class: "details-body stack" });
    this.element = make("details", { class: "details line" },
      make("summary", {}, this.times, this.words, this.badge, icon("chevron-down", "icon-chevron")), this.body);
    this.element.addEventListener("toggle", () => {
      if (this.element.open && !this.fields) this.build();
    });
  }

  open({ focus = false } = {}) {
    if (!this.fields) this.build();
    this.element.open = true;
    if (focus) this.fields.script.focus();
  }

  build() {
    this.fields = {
      start_s: this.timeField("start_s", "Starts at"),
      end_s: this.timeField("end_s", "Ends at"),
      script: make("textarea", { class: "textarea", rows: 2, maxLength: 1000, dir: "auto", "aria-label": "What is said", placeholder: "The new words" }),
      script_voice: make("select", { class: "select", "aria-label": "Voice" }),
      sync_mode: make("select", { class: "select", id: `mode-${this.id}` }, ...MODES.map(([value, words]) => make("option", { value }, words))),
    };
    const { start_s: start, end_s: end, script, script_voice: voice, sync_mode: mode } = this.fields;
    script.addEventListener("input", () => this.change({ script: script.value }, { isFlowing: true }));
    voice.addEventListener("change", () => this.change({ script_voice: voice.value }));
    mode.addEventListener("change", () => this.change({ sync_mode: mode.value }));
    this.problem = make("div", { "aria-live": "polite" });
    this.feedback = make("div", { "aria-live": "polite" });
    this.typed = make("div", { class: "stack" }, script, voice);
    this.recorded = make("div", {});
    this.recorder = make("div", { class: "recorder", hidden: true });
    this.body.append(
      make("div", { class: "voice-grid" }, start.element, end.element),
      this.typed, this.recorded, this.recorder, this.feedback, this.actions(),
      make("div", { class: "field" }, make("label", { class: "field-label", for: mode.id }, "The picture meanwhile"), mode),
      this.problem);
    this.fillVoices();
    this.show();
  }

  timeField(field, label) {
    const input = make("input", { class: "input tabular", type: "number", min: "0", step: "0.01", inputMode: "decimal", id: `${field}-${this.id}` });
    input.addEventListener("input", () => {
      if (Number.isFinite(input.valueAsNumber)) this.change({ [field]: Math.max(0, input.valueAsNumber) }, { isFlowing: true });
    });
    input.addEventListener("change", () => this.list.sort());
    const now = make("button", { class: "link-button", type: "button", title: "The moment the stage shows" }, "now");
    now.setAttribute("aria-label", `${label}: take the moment the stage shows`);
    now.addEventListener("click", () => {
      const at = clipTime();
      if (at === null) return;
      this.change({ [field]: Math.round(at * 100) / 100 });
      this.list.sort();
    });
    const element = make("div", { class: "field" }, make("label", { class: "field-label", for: input.id }, `${label} (s) `, now), input);
    return { input, element };
  }

  actions() {
    this.listen = make("button", { class: "button button-outline button-small", type: "button" }, icon("volume"), make("span", {}, "Listen"));
    this.listen.addEventListener("click", () => this.hear());
    const picker = make("input", { type: "file", hidden: true, accept: "audio/*,video/*,.m4a,.mp3,.wav,.ogg,.opus,.flac", tabindex: -1 });
    picker.addEventListener("change", () => {
      if (picker.files[0]) this.take(picker.files[0]);
      picker.value = "";
    });
    this.send = make("button", { class: "button button-ghost button-small", type: "button", onclick: () => picker.click(), title: "Your own recording instead of typed words" }, icon("upload"), "Upload");
    this.record = make("button", { class: "button button-ghost button-small", type: "button", "aria-expanded": "false", onclick: () => this.showRecorder() }, icon("mic"), "Record");
    const look = make("button", { class: "button button-ghost button-small button-icon", type: "button", title: "Play this part of the clip", "aria-label": "Play this part of the clip", onclick: () => this.list.play(this.line) }, icon("play"));
    const remove = make("button", { class: "button button-ghost button-small button-icon", type: "button", title: "Remove this line", "aria-label": "Remove this line", onclick: () => this.list.remove(this.id) }, icon("trash"));
    return make("div", { class: "line-actions" }, this.listen, this.send, picker, this.record, make("span", { class: "grow" }), look, remove);
  }

  change(changes, options) { this.list.change(this.id, changes, options); }

  fillVoices() {
    if (!this.fields) return;
    this.fields.script_voice.replaceChildren(...this.list.voiceOptions());
    this.fields.script_voice.value = this.line.script_voice;
  }

  update(line, number, problem) {
    this.line = line;
    this.number = number;
    this.trouble = problem;
    const warning = lineWarning(line, triedOf(line, this.said));
    this.times.textContent = stretchWords(line);
    this.words.textContent = line.voice ? line.voice.name || "Recording" : line.script.trim() || "No words yet";
    this.badge.hidden = !problem && !warning;
    this.badge.className = problem ? "badge badge-bad" : "badge badge-warn";
    this.badge.textContent = problem ? "To do" : "Too long";
    this.warning = warning;
    if (this.fields) this.show();
  }

  show() {
    const { line, fields } = this;
    for (const name of ["start_s", "end_s"]) {
      const { input } = fields[name];
      if (document.activeElement !== input) input.value = String(Math.round(line[name] * 100) / 100);
    }
    if (fields.script.value !== line.script) fields.script.value = line.script;
    if (fields.script_voice.value !== line.script_voice) fields.script_voice.value = line.script_voice;
    fields.sync_mode.value = MODES.some(([mode]) => mode === line.sync_mode) ? line.sync_mode : "silence";
    this.typed.hidden = Boolean(line.voice);
    this.listen.hidden = Boolean(line.voice);
    this.showRecording();
    const trial = triedOf(line, this.said);
    const fits = trial && !trial.chars_to_cut ? `It fits: spoken ${trial.rate.toFixed(2)}× as fast as usual.` : null;
    this.problem.replaceChildren(...[
      this.trouble && notice("bad", this.trouble),
      this.warning && notice("warn", this.warning),
      !this.trouble && fits && make("p", { class: "field-hint" }, fits),
    ].filter(Boolean));
  }

  showRecording() {
    const { voice } = this.line;
    const key = voice && `${voice.id} ${voice.state} ${voice.attestation?.basis}`;
    if (key === this.shownVoice) return;
    this.shownVoice = key;
    this.recorded.replaceChildren();
    if (!voice) return;
    const remove = make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Remove this recording", onclick: () => this.change({ voice: null }) }, icon("close"));
    const facts = make("span", { class: "file-card-facts tabular" }, voice.duration_s ? clockTime(voice.duration_s) : "");
    const player = voice.url ? make("audio", { src: voice.url, controls: true, preload: "none", class: "line-audio", "aria-label": voice.name || "Recording" }) : null;
    const consent = consentRow(voice, this.list.store.consent, (asset) => this.list.learn(asset));
    this.recorded.append(make("div", { class: "file-card" },
      make("div", { class: "file-card-head" }, icon("waveform"), make("div", { class: "grow" }, make("div", { class: "file-card-name truncate" }, voice.name || "Recording"), facts), remove), ...(player ? [player] : [])),
    ...(voice.state === "refused" ? [notice("bad", voice.failure.sentence, voice.failure.next_step)] : []), ...(consent ? [consent] : []));
    if (voice.state === "checking") untilChecked(voice.id).then((asset) => this.list.learn(asset)).catch(() => {});
  }

  async take(file) {
    this.recorder.hidden = true;
    this.record.setAttribute("aria-expanded", "false");
    const early = refuseEarly(file, { maxBytes: this.list.store.limits.upload_bytes, looksRight: looksLikeSound, wrongType: WRONG_TYPE });
    if (early) {
      this.feedback.replaceChildren(notice("bad", early.sentence, early.nextStep));
      return false;
    }
    const asset = await sendFile("voice", file, this.feedback, { checkingWords: "Listening to it…" });
    if (!asset) return false;
    if (asset.state === "refused") {
      this.feedback.replaceChildren(notice("bad", asset.failure.sentence, asset.failure.next_step));
      return false;
    }
    this.change({ voice: asset });
    announce("The recording is ready.");
    return true;
  }

  showRecorder() {
    const isHidden = !this.recorder.hidden;
    this.recorder.hidden = isHidden;
    this.record.setAttribute("aria-expanded", String(!isHidden));
    if (isHidden || this.recorder.childElementCount) return;
    startRecorder(this.recorder, { limit_s: this.list.store.limits.render_s, onTake: (file) => this.take(file) });
  }

  /** The words of the project that are said as they are spelled. */
  get said() { return this.list.store.project.pronunciations; }

  /** The words, spoken in the time there is for them: one hears them, and learns whether they fit. */
  async hear() {
    const { line } = this;
    const key = trialKey(line, this.said);
    const known = tried.get(key);
    if (known) {
      new Audio(known.url).play().catch(() => {});
      return;
    }
    this.feedback.replaceChildren();
    this.listen.setAttribute("aria-busy", "true");
    try {
      const order = { text: line.script, voice: line.script_voice, rate: line.script_rate, pronunciations: spelledIn(line.script, this.said) };
      const job = await request("POST", "/speech", slotOf(line) >= 0.2 ? { ...order, slot_s: Math.round(slotOf(line) * 1000) / 1000 } : order);
      const done = await new Promise((resolve) => { watchJob(job.id, (message) => message.type === "done" && resolve(message)); });
      if (done.state !== "succeeded") throw { sentence: done.failure.sentence, nextStep: done.failure.next_step };
      if (done.result.rate) tried.set(key, { ...done.result, url: done.output_url });
      this.list.refresh();
      new Audio(done.output_url).play().catch(() => {});
    } catch (problem) {
      this.feedback.replaceChildren(notice("bad", problem.sentence ?? "That could not be spoken.", problem.nextStep ?? "Try again."));
    } finally {
      this.listen.removeAttribute("aria-busy");
    }
  }
}
