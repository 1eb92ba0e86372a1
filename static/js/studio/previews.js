// Three seconds of a dub before all of it is made: the first words, or where the picture makes it hardest.
import { request } from "../api.js";
import { watchJob } from "../jobs.js";
import { announce, clockTime, find, findAll, icon, make, notice } from "../ui.js";
import { compareButton } from "./compare.js";
import { renderingView } from "./rendering.js";
import { whatIsMissing } from "./render.js";
import { videoView } from "./result.js";

const NAMES = { first: "First words", hardest: "Hardest part" };
const REASONS = {
  turned: "where the head turns furthest",
  covered: "where something is before the mouth",
  moving: "where the head moves fastest",
  unseen: "where the clip shows such a mouth least",
};
// what three seconds depend on
const SHOWN = /^(clip|face_index|voice.*|clean_voice|script.*|lines|sync_mode|strength|keep_background|adapt|captions|caption_cues|transcript|music.*|label_corner)$/;

export function startPreviews(store, stage) {
  return new Previews(store, stage);
}

class Previews {
  constructor(store, stage) {
    Object.assign(this, { store, stage, job: null, moment: null, isOld: false });
    this.buttons = findAll("[data-preview]");
    this.feedback = find("#preview-feedback");
    for (const button of this.buttons) button.addEventListener("click", () => this.order(button.dataset.preview));
    store.addEventListener("change", ({ detail }) => this.onChange(detail));
    this.showState();
  }

  get isShown() { return this.stage.view === "preview"; }

  onChange(names) {
    this.showState();
    if (!names.some((name) => SHOWN.test(name))) return;
    this.isOld = true;
    if (this.isShown && this.job?.type === "done") this.showBar();
  }

  showState() {
    const missing = whatIsMissing(this.store.project);
    for (const button of this.buttons) button.setAttribute("aria-disabled", String(Boolean(missing)));
  }

  busy(moment) {
    for (const button of this.buttons) button.setAttribute("aria-busy", String(button.dataset.preview === moment));
  }

  async order(moment) {
    const missing = whatIsMissing(this.store.project);
    this.feedback.replaceChildren();
    if (missing) {
      this.feedback.append(make("p", { class: "field-hint" }, missing.words));
      announce(missing.words);
      return;
    }
    if (this.job && this.job.type !== "done") {
      if (this.moment === moment) return;
      request("POST", `/jobs/${this.job.id}/cancel`).catch(() => {}); // another one is wanted now
    }
    this.stopWatching?.();
    this.busy(moment);
    try {
      await this.store.flush();
      this.isOld = false;
      const job = await request("POST", `/projects/${this.store.project.id}/preview`, { moment });
      this.moment = moment;
      this.see(job);
      find("#stage").scrollIntoView({ block: "nearest", behavior: "smooth" });
      if (job.type === "done") return;
      announce(`Rendering a preview: ${NAMES[moment]}.`);
      this.stopWatching = watchJob(job.id, (message) => this.onMessage(job.id, message));
    } catch (problem) {
      this.busy(null);
      this.feedback.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
    }
  }

  async onMessage(id, message) {
    if (this.job?.id !== id) return;
    const whole = message.type === "done" ? await request("GET", `/jobs/${id}`).catch(() => ({})) : {};
    if (this.job?.id !== id) return;
    this.see({ ...this.job, ...message, ...whole, id });
  }

  /** What is known of the preview by now, on the stage. */
  see(job) {
    const isNew = this.job?.id !== job.id;
    this.job = job;
    const isOver = job.type === "done";
    if (isOver) this.busy(null);
    if (isOver && (job.state !== "succeeded" || !job.output_url)) {
      this.job = null;
      const words = job.state === "cancelled" ? "The preview was stopped." : job.failure?.sentence ?? "The preview could not be made.";
      this.feedback.replaceChildren(notice(job.state === "cancelled" ? "info" : "bad", words, job.state === "cancelled" ? "" : job.failure?.next_step ?? "Try again."));
      if (this.isShown) this.stage.show("portrait");
      return;
    }
    if (!isNew && !this.isShown) return; // somebody looks at something else meanwhile
    if (!isOver && !isNew) {
      this.stage.shown.update?.(job);
      return;
    }
    const own = { project: this.store.project, putRender: (now) => this.see({ ...this.job, ...now, id: job.id }) };
    const shown = isOver ? videoView(this.store, job, { play: true }) : renderingView(own, job, { onSized: () => this.stage.fit() });
    this.stage.showOther("preview", shown);
    this.showBar();
    if (isOver) announce("The preview is ready.");
  }

  showBar() {
    const { job, moment } = this;
    const isOver = job.type === "done";
    const excerpt = job.result?.excerpt;
    const facts = isOver ? [`${clockTime(excerpt.start_s)}–${clockTime(excerpt.end_s)}`, REASONS[excerpt.reason]].filter(Boolean).join(" · ") : "Three seconds; free and not counted";
    const words = make("p", {}, make("span", { class: "stage-bar-title" }, `Preview: ${NAMES[moment].toLowerCase()}`), " ", make("span", { class: "stage-bar-facts tabular" }, facts));
    const actions = make("div", { class: "stage-bar-actions" });
    if (isOver) {
      const compare = compareButton(this.store, () => this.stage.shown?.player, job, { from_s: excerpt.clip_start_s });
      if (compare) actions.append(compare);
      if (compare && !this.stage.shown.isCompared) compare.click();
      this.stage.shown.isCompared = true;
    }
    if (isOver && this.isOld) actions.append(make("button", { class: "button button-outline button-small", type: "button", onclick: () => this.order(moment) }, icon("refresh"), "Changed since: preview again"));
    actions.append(make("button", { class: "button button-ghost button-small", type: "button", onclick: () => this.stage.show("portrait") }, icon("film"), make("span", { class: "label-wide" }, "Back to the clip")));
    this.stage.bar.replaceChildren(words, actions);
  }
}
