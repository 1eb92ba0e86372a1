// The project on this page: what it is now, and keeping it saved.
import { request } from "../api.js";

const SAVE_AFTER_MS = 500;
const RETRY_MS = [1000, 3000, 8000, 15000];

/**
 * Holds the project and the renders. `set` changes fields here at once and on the server soon after.
 * Events: "change" (detail: names of the fields), "saving" (detail: {state, problem}).
 */
export class Store extends EventTarget {
  constructor({ project, renders, limits, consent }) {
    super();
    this.project = project;
    this.renders = renders;
    this.limits = limits;
    this.consent = consent;
    this.pending = {};
    this.inFlight = null;
    this.timer = null;
    this.failures = 0;
    addEventListener("pagehide", () => this.saveOnLeaving());
    addEventListener("online", () => this.hasPending && this.flush().catch(() => {}));
  }

  get hasPending() { return Object.keys(this.pending).length > 0; }

  /** Change fields. `facts` are what the page shows meanwhile, where they differ from what is sent (a whole asset). */
  set(changes, facts = changes) {
    Object.assign(this.project, facts);
    Object.assign(this.pending, changes);
    this.tell(Object.keys(changes));
    this.saving("waiting");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush().catch(() => {}), SAVE_AFTER_MS);
  }

  /** Facts that came from the server: nothing to save. */
  learn(facts) {
    Object.assign(this.project, facts);
    this.tell(Object.keys(facts));
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
    this.inFlight = request("PATCH", `/projects/${this.project.id}`, changes);
    try {
      const saved = await this.inFlight;
      this.failures = 0;
      this.project.display_title = saved.display_title;
      this.project.updated_at = saved.updated_at;
      if (!this.hasPending) this.saving("saved");
      return saved;
    } catch (problem) {
      this.keepOrDrop(changes, problem);
      throw problem;
    } finally {
      this.inFlight = null;
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
      return draft;
    } catch {
      return null;
    }
  }

  keepOrDrop(changes, problem) {
    if (problem.code === "signed_out" || problem.code === "csrf_failed") {
      this.pending = { ...changes, ...this.pending };
      this.keepDraft(this.pending);
      this.saving("signed_out", problem);
      return;
    }
    if (problem.isNetwork || problem.status >= 500 || problem.code === "rate_limited") {
      this.pending = { ...changes, ...this.pending };
      this.saving("offline", problem);
      this.timer = setTimeout(() => this.flush().catch(() => {}), RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)]);
      this.failures += 1;
      return;
    }
    this.saving("refused", problem);
  }

  saveOnLeaving() {
    if (!this.hasPending) return;
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
