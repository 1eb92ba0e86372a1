// Single lines of a clip that are said anew: the list, where lines come from, and subtitles in and out.
import { request } from "../api.js";
import { announce, clockTime, find, icon, make, notice, toast } from "../ui.js";
import { clipTime } from "./clip_stage.js";
import { lineProblems } from "./line_checks.js";
import { LineRow } from "./line_row.js";

const USUAL_S = 2;
const LEAST_S = 0.2;
const PLAY_MORE_S = 0.05;
const SUBTITLES_MAX_BYTES = 2 * 2 ** 20;

const newId = () => crypto.randomUUID?.() ?? `line-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`;
const byTime = (one, other) => one.start_s - other.start_s;

export function startLines(store, stage) {
  return new Lines(store, stage);
}

class Lines {
  constructor(store, stage) {
    Object.assign(this, { store, stage, rows: new Map() });
    this.root = find("#lines");
    this.sentences = find("#line-sentences");
    this.feedback = find("#lines-feedback");
    find("#line-add").addEventListener("click", () => this.add());
    const picker = find("#subtitles-file");
    find("#subtitles-open").addEventListener("click", () => picker.click());
    picker.addEventListener("change", () => {
      if (picker.files[0]) this.readSubtitles(picker.files[0]);
      picker.value = "";
    });
    find("#subtitles-save").addEventListener("click", () => this.saveSubtitles());
    store.addEventListener("change", ({ detail }) => {
      if (detail.includes("lines") || detail.includes("clip")) this.refresh();
    });
    this.refresh();
  }

  get lines() { return this.store.project.lines; }

  refresh() {
    const { lines } = this;
    const problems = lineProblems(this.store.project);
    const ids = new Set(lines.map((line) => line.id));
    for (const [id, row] of this.rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    lines.forEach((line, at) => {
      if (!this.rows.has(line.id)) this.rows.set(line.id, new LineRow(this, line));
      const row = this.rows.get(line.id);
      if (this.root.children[at] !== row.element) this.root.insertBefore(row.element, this.root.children[at] ?? null);
      row.update(line, at + 1, problems.get(line.id) ?? null);
    });
    find("#subtitles-save").hidden = !lines.some((line) => line.script.trim());
    this.showSentences();
  }

  /** What is said in the clip already: each stretch can become a line. */
  showSentences() {
    const { clip } = this.store.project;
    const spans = (clip?.preflight?.sound?.speech_spans ?? []).filter(([start, end]) => end - start >= LEAST_S);
    const free = spans.filter(([start, end]) => !this.lines.some((line) => line.start_s < end && line.end_s > start));
    this.sentences.hidden = !free.length;
    find("#line-sentence-list").replaceChildren(...free.slice(0, 24).map(([start, end]) => make("button", {
      class: "button button-outline button-small tabular", type: "button", "aria-label": `New words from ${start.toFixed(1)} to ${end.toFixed(1)} seconds`,
      onclick: () => this.add({ start_s: start, end_s: Math.min(end, clip.duration_s ?? end) }),
    }, `${clockTime(start)} – ${clockTime(end)}`)));
  }

  /** A new line where the stage stands, as long as there is room. */
  add(stretch = null) {
    const clip_s = this.store.project.clip?.duration_s ?? 0;
    const where = stretch ?? this.room(clipTime() ?? 0, clip_s);
    if (!where) {
      toast("The whole clip has lines already. Shorten or remove one to make room.");
      return;
    }
    const rounded = Object.fromEntries(Object.entries(where).map(([name, value]) => [name, Math.round(value * 100) / 100]));
    const last = this.lines.at(-1);
    const line = { id: newId(), script: "", script_voice: last?.script_voice || this.store.project.script_voice, script_rate: 1, voice: null, sync_mode: "silence", ...rounded };
    this.store.set({ lines: [...this.lines, line].sort(byTime) });
    this.rows.get(line.id).open({ focus: true });
  }

  /** Where a new line fits: {start_s, end_s}; null where there is no room in the clip. */
  room(at_s, clip_s) {
    const ahead = this.lines.filter((line) => line.start_s <= at_s).at(-1);
    const start_s = Math.max(at_s, ahead?.end_s ?? 0);
    const next = this.lines.find((line) => line.start_s >= start_s && line !== ahead);
    const latest = Math.min(next?.start_s ?? Infinity, clip_s || Infinity);
    if (latest - start_s >= LEAST_S) return { start_s, end_s: Math.min(start_s + USUAL_S, latest) };
    const end_s = this.lines.at(-1)?.end_s ?? 0; // no room here: after everything
    return clip_s - end_s >= LEAST_S ? { start_s: end_s, end_s: Math.min(end_s + USUAL_S, clip_s) } : null;
  }

  change(id, changes, { isFlowing = false } = {}) {
    this.store.set({ lines: this.lines.map((line) => (line.id === id ? { ...line, ...changes } : line)) }, { isFlowing });
  }

  /** Once a time is typed, the list goes by time again; no step of its own to take back. */
  sort() {
    if (this.lines.every((line, at) => !at || this.lines[at - 1].start_s <= line.start_s)) return;
    const focused = document.activeElement;
    this.store.change({ lines: [...this.lines].sort(byTime) });
    focused?.focus?.();
  }

  remove(id) {
    const at = this.lines.findIndex((line) => line.id === id);
    this.store.set({ lines: this.lines.filter((line) => line.id !== id) });
    const next = this.lines[Math.min(at, this.lines.length - 1)];
    (next ? this.rows.get(next.id).element.querySelector("summary") : find("#line-add")).focus();
    toast("The line is removed.", { action: "Undo", onAction: () => this.store.undo() });
  }

  /** What the server found out about a recording. */
  learn(asset) {
    this.store.learn({ lines: this.lines.map((line) => (line.voice?.id === asset.id ? { ...line, voice: asset } : line)) });
  }

  voiceOptions() {
    const groups = new Map();
    for (const voice of this.store.limits.voices) groups.set(voice.language_name, [...(groups.get(voice.language_name) ?? []), voice]);
    const names = [...groups.keys()].sort((a, b) => a.localeCompare(b));
    const known = names.map((name) => make("optgroup", { label: name }, ...groups.get(name).map((voice) => make("option", { value: voice.id }, voice.name))));
    return known.length ? known : [make("option", { value: "" }, "The usual voice")];
  }

  /** Plays a line's part of the clip on the stage. */
  play(line) {
    this.stage.show("portrait");
    const video = document.querySelector(".stage video");
    if (!video) return;
    const stop = () => {
      if (video.currentTime < line.end_s - PLAY_MORE_S && !video.paused) return;
      video.pause();
      video.removeEventListener("timeupdate", stop);
    };
    const start = () => {
      video.currentTime = line.start_s;
      video.play().then(() => video.addEventListener("timeupdate", stop)).catch(() => {});
    };
    if (video.readyState >= HTMLMediaElement.HAVE_METADATA) start();
    else video.addEventListener("loadedmetadata", start, { once: true });
  }

  async readSubtitles(file) {
    this.feedback.replaceChildren();
    try {
      if (file.size > SUBTITLES_MAX_BYTES) throw { sentence: `“${file.name}” is too large for subtitles.`, nextStep: "Choose an .srt or .vtt file." };
      const text = decoded(await file.arrayBuffer());
      await this.store.flush();
      const { id, version } = this.store.project;
      const saved = await request("PUT", `/projects/${id}/lines/subtitles`, { text, version });
      this.store.adopt(saved, ["lines", "voice_source"]);
      announce(`${saved.lines.length} lines read.`);
    } catch (problem) {
      this.feedback.replaceChildren(notice("bad", problem.sentence ?? "That file could not be read.", problem.nextStep ?? "Choose an .srt or .vtt file."));
    }
  }

  async saveSubtitles() {
    try {
      await this.store.flush();
      make("a", { href: `/api/v1/projects/${this.store.project.id}/lines/subtitles`, download: "lines.srt" }).click();
    } catch (problem) {
      this.feedback.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
    }
  }
}

/** Text of a subtitle file: UTF-8, UTF-16 with its mark, or what Western editors wrote for decades. */
function decoded(bytes) {
  const [first, second] = new Uint8Array(bytes.slice(0, 2));
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
