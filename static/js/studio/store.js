// The project on this page: what it is now, keeping it saved, and taking changes back.
import { request } from "../api.js";
import { History } from "./history.js";

const SAVE_AFTER_MS = 500;
const RETRY_MS = [1000, 3000, 8000, 15000];
const FILES = ["portrait", "clip", "voice", "track", "music", "backdrop"]; // fields that are whole files here and ids on the server

const isFlowing = ([name, value]) => ["script", "title", "transcript"].includes(name) || (typeof value === "number" && name !== "seed");

const sent = (name, value) => {
  if (FILES.includes(name)) return value?.id ?? null;
  if (name === "scenes") return value.map(({ id, project, asset, start_s, end_s, fade_s }) => ({ id, project, asset, start_s, end_s, fade_s }));
  return name === "lines" ? value.map((line) => ({ ...line, voice: line.voice?.id ?? null })) : value;
};

/** What is sent for what the page shows. */
export const asSent = (changes) => Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, sent(name, value)]));

/**
 * Holds the project and the renders. `set` changes fields here at once and on the server soon after.
 * Events: "change" (detail: names of the fields), "saving" (detail: {state, problem}), "history", "conflict".
 */
export class Store extends EventTarget {
  constructor({ project, renders, limits, consent, brand = null }) {
    super();
    Object.assign(this, { project, renders, limits, consent, brand });
    this.proposal = null; // what the voice sounds like, once somebody has listened to it
    this.history = new History();
    this.pending = {};
    this.inFlight = null;
    this.timer = null;
    this.failures = 0;
    this.unanswered = []; // what was sent since the last answer: it may have arrived
    this.isTorn = false; // changed elsewhere too, and nobody has said yet which counts
    addEventListener("pagehide", () => this.saveOnLeaving());
    addEventListener("online", () => this.hasPending && this.flush().catch(() => {}));
    this.hearOtherTabs();
  }

  get hasPending() { return Object.keys(this.pending).length > 0; }

  /** Change fields; files as the API shows them, or null. `keep` false: not worth taking back; `isFlowing`: typed or dragged. */
  set(changes, { keep = true, isFlowing: flows = null } = {}) {
    const before = Object.fromEntries(Object.keys(changes).map((name) => [name, this.project[name]]));
    if ("portrait" in changes && changes.portrait?.id !== this.project.portrait?.id && !("face_index" in changes)) {
      before.face_index = this.project.face_index;
      this.project.face_index = null; // as on the server: another picture has other faces
    }
    if (keep) this.history.add(before, { ...changes }, { isFlowing: flows ?? Object.entries(changes).every(isFlowing) });
    this.change(changes);
    this.dispatchEvent(new Event("history"));
  }

  /** Shows and saves changes, without a memory of how it was. */
  change(changes) {
    Object.assign(this.project, changes);
    Object.assign(this.pending, asSent(changes));
    this.tell([...Object.keys(changes), ...("portrait" in changes ? ["face_index"] : [])]);
    if (this.isTorn) return;
    this.saving("waiting");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush().catch(() => {}), SAVE_AFTER_MS);
  }

  undo() { return this.step(this.history.undo()); }

  redo() { return this.step(this.history.redo()); }

  step(changes) {
    if (!changes) return false;
    // a file may have been looked at since: what is known now counts
    this.change(Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, this.asKnown(name, value)])));
    this.dispatchEvent(new Event("history"));
    return true;
  }

  asKnown(name, value) {
    if (name === "lines") return value.map((line) => ({ ...line, voice: this.asKnown("voice", line.voice) }));
    return FILES.includes(name) && value ? this.files?.get(value.id) ?? value : value;
  }

  /** Facts that came from the server: nothing to save. */
  learn(facts) {
    this.files ??= new Map();
    for (const name of FILES) if (facts[name]) this.files.set(facts[name].id, facts[name]);
    for (const { voice } of facts.lines ?? []) if (voice) this.files.set(voice.id, voice);
    Object.assign(this.project, facts);
    this.tell(Object.keys(facts));
  }

  /** Facts about a file that is here already are known better: nothing on the page begins anew. */
  correct(name, facts) {
    const file = { ...this.project[name], ...facts };
    this.files ??= new Map();
    this.files.set(file.id, file);
    this.project[name] = file;
  }

  /** A change that the server has made already, as asked for here: it can be taken back. */
  adopt(saved, names) {
    const facts = Object.fromEntries(names.map((name) => [name, saved[name]]));
    this.history.add(Object.fromEntries(names.map((name) => [name, this.project[name]])), facts);
    this.project.version = saved.version;
    this.learn(facts);
    this.dispatchEvent(new Event("history"));
    this.otherTabs?.postMessage(saved.version);
  }

  /** Saves what is not saved yet. Throws the problem when that fails. */
  async flush() {
    clearTimeout(this.timer);
    if (this.inFlight) {
      await this.inFlight.catch(() => {});
      return this.flush();
    }
    if (!this.hasPending) return undefined;
    const changes = this.pending;
    this.pending = {};
    this.saving("saving");
    this.inFlight = request("PATCH", `/projects/${this.project.id}`, { ...changes, version: this.project.version });
    try {
      const saved = await this.inFlight;
      this.failures = 0;
      this.unanswered = [];
      for (const name of ["version", "display_title", "updated_at", "mouth_edits_apply"]) this.project[name] = saved[name];
      if (!("caption_cues" in this.pending)) this.project.caption_cues_state = saved.caption_cues_state; // else it is about others
      if (!this.hasPending) this.saving("saved");
      this.otherTabs?.postMessage(saved.version);
      this.dispatchEvent(new Event("saved"));
      return saved;
    } catch (problem) {
      this.inFlight = problem.code === "project_changed" ? this.isOursAlready() : Promise.resolve(false);
      if (!(await this.inFlight)) {
        this.keepOrDrop(changes, problem);
        throw problem;
      }
      this.pending = { ...changes, ...this.pending };
    } finally {
      this.inFlight = null;
    }
    return this.flush();
  }

  /** Whether what changed on the server is a save of ours whose answer was lost on its way: then nobody is to be asked. */
  async isOursAlready() {
    if (!this.unanswered.length) return false;
    try {
      const theirs = await request("GET", `/projects/${this.project.id}`);
      const holds = (changes) => JSON.stringify(asSent(Object.fromEntries(Object.keys(changes).map((name) => [name, theirs[name]])))) === JSON.stringify(changes);
      if (theirs.version !== this.project.version + 1 || !this.unanswered.some(holds)) return false;
      this.project.version = theirs.version;
      this.unanswered = [];
      return true;
    } catch {
      return false;
    }
  }

  /** A session that ended must not cost a word: the draft waits in this tab and comes back after signing in. */
  keepDraft(changes) {
    try {
      sessionStorage.setItem(`draft:${this.project.id}`, JSON.stringify(changes));
    } catch {
      // Without storage the fields keep what was typed until the page is left.
    }
  }

  takeDraft() {
    try {
      const place = `draft:${this.project.id}`;
      const draft = JSON.parse(sessionStorage.getItem(place) ?? "null");
      sessionStorage.removeItem(place);
      return draft && Object.fromEntries(Object.entries(draft).filter(([name]) => !FILES.includes(name) && name !== "lines"));
    } catch {
      return null;
    }
  }

  keepOrDrop(changes, problem) {
    const all = { ...changes, ...this.pending };
    if (problem.code === "project_changed") {
      this.pending = all;
      this.isTorn = true;
      this.saving("conflict", problem);
      this.dispatchEvent(new CustomEvent("conflict", { detail: problem }));
      return;
    }
    if (problem.code === "signed_out" || problem.code === "csrf_failed") {
      this.pending = all;
      this.keepDraft(this.pending);
      this.saving("signed_out", problem);
      return;
    }
    if (problem.isNetwork || problem.status >= 500 || problem.code === "rate_limited") {
      this.pending = all;
      this.unanswered.push(changes);
      this.saving("offline", problem);
      this.timer = setTimeout(() => this.flush().catch(() => {}), RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)]);
      this.failures += 1;
      return;
    }
    this.saving("refused", problem);
  }

  /** After a conflict: what was changed here goes over what was changed elsewhere. */
  async keepMine(version) {
    this.isTorn = false;
    this.project.version = version;
    await this.flush();
  }

  /** What is saved, with everything unsaved here forgotten. */
  async takeTheirs() {
    const saved = await request("GET", `/projects/${this.project.id}`);
    this.isTorn = false;
    this.pending = {};
    this.history.clear();
    this.learn(saved);
    this.saving("saved");
    this.dispatchEvent(new Event("history"));
  }

  /** Another tab of this browser says when it has saved: a tab with nothing unsaved follows. */
  hearOtherTabs() {
    if (!window.BroadcastChannel) return;
    this.otherTabs = new BroadcastChannel(`project:${this.project.id}`);
    this.otherTabs.addEventListener("message", ({ data: version }) => {
      if (version <= this.project.version || this.hasPending || this.inFlight || this.isTorn) return;
      this.takeTheirs().then(() => this.dispatchEvent(new Event("followed"))).catch(() => {});
    });
  }

  saveOnLeaving() {
    if (!this.hasPending || this.isTorn) return;
    const changes = this.pending;
    this.pending = {};
    request("PATCH", `/projects/${this.project.id}`, changes, { keepalive: true }).catch(() => {});
  }

  render(id) { return this.renders.find((render) => render.id === id); }

  /** Adds or replaces a render, newest first. */
  putRender(render) {
    const at = this.renders.findIndex((other) => other.id === render.id);
    if (at < 0) this.renders.unshift(render);
    else this.renders[at] = { ...this.renders[at], ...render };
    this.dispatchEvent(new CustomEvent("renders", { detail: render.id }));
  }

  dropRender(id) {
    this.renders = this.renders.filter((render) => render.id !== id);
    this.dispatchEvent(new CustomEvent("renders", { detail: id }));
  }

  tell(names) { this.dispatchEvent(new CustomEvent("change", { detail: names })); }

  saving(state, problem = null) { this.dispatchEvent(new CustomEvent("saving", { detail: { state, problem } })); }
}
