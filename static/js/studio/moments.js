// One frame of a talking photo that is not rendered yet: mouth, head and all that lies over them, at any moment.
import { request } from "../api.js";
import { watchJob } from "../jobs.js";
import { announce, find, icon, make, notice } from "../ui.js";
import { whatIsMissing } from "./render.js";

const SETTLES_MS = 350; // after the last change
const STOPS_MS = 120; // after the last move of the slider
const STEP_S = 0.04; // a frame, at the usual 25 a second
const REASONS = { open: "the widest mouth", turned: "the farthest turn" };
// what no frame shows
const BESIDE = /^(title|tags|folder|music.*|preset|thumbnail|mouth_edits_apply|proposal|renders|caption_shown)$/;

const seconds = (value) => `${value.toFixed(2)} s`;

export function startMoments(store, stage) {
  return new Moments(store, stage);
}

class Moments {
  constructor(store, stage) {
    Object.assign(this, { store, stage, wanted: null, isBusy: false, result: null });
    this.button = make("button", { class: "button button-outline button-small", type: "button", id: "see-moment", onclick: () => this.want({ moment: "hardest" }) }, icon("image"), "See a frame");
    this.picture = make("img", { class: "stage-portrait stage-fill", alt: "" });
    this.figure = make("figure", { class: "stage-picture" }, this.picture);
    this.slider = make("input", { class: "range moment-range", type: "range", min: "0", step: String(STEP_S), "aria-label": "Moment of the video" });
    this.slider.addEventListener("input", () => {
      this.facts.textContent = seconds(Number(this.slider.value));
      this.slider.setAttribute("aria-valuetext", this.facts.textContent);
      this.later({ moment: "at", at_s: Number(this.slider.value) }, STOPS_MS);
    });
    this.facts = make("span", { class: "stage-bar-facts tabular" });
    this.said = make("div", { class: "moment-said" });
    this.hardest = make("button", { class: "button button-outline button-small", type: "button", onclick: () => this.want({ moment: "hardest" }) }, icon("search"), "Hardest moment");
    this.back = make("button", { class: "button button-ghost button-small", type: "button", onclick: () => this.stage.show("portrait") }, icon("image"), make("span", { class: "label-wide" }, "Back to the photo"));
    stage.addEventListener("view", () => this.onView());
    store.addEventListener("change", ({ detail }) => this.onChange(detail));
    store.addEventListener("seek", ({ detail }) => ["portrait", "moment"].includes(stage.view) && !this.missing && this.later({ moment: "at", at_s: Math.max(0, detail) }, STOPS_MS));
    this.onView();
  }

  get missing() { return whatIsMissing(this.store.project); }

  get isShown() { return this.stage.view === "moment"; }

  onView() {
    if (!this.isShown) { // somebody looks at something else: nothing comes over it
      clearTimeout(this.timer);
      this.wanted = null;
    }
    if (this.stage.view !== "portrait" || !this.store.project.portrait) return;
    this.button.setAttribute("aria-disabled", String(Boolean(this.missing)));
    this.button.setAttribute("aria-busy", String(this.isBusy));
    this.said.replaceChildren();
    this.stage.bar.append(make("div", { class: "stage-bar-actions" }, this.button), this.said);
  }

  onChange(names) {
    this.button.setAttribute("aria-disabled", String(Boolean(this.missing)));
    if (!this.isShown || !names.some((name) => !BESIDE.test(name))) return;
    if (this.missing) this.stage.show("portrait");
    else this.later(this.asked);
  }

  later(moment, wait_ms = SETTLES_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.want(moment), wait_ms);
  }

  /** One at a time: what is wanted meanwhile is ordered next, and only the latest of it. */
  async want(moment) {
    clearTimeout(this.timer);
    const { missing } = this;
    if (missing) {
      this.said.replaceChildren(make("p", { class: "field-hint" }, missing.words));
      announce(missing.words);
      return;
    }
    this.wanted = this.asked = moment;
    if (this.isBusy) return;
    this.busy(true);
    try {
      while (this.wanted) await this.order(this.wanted);
    } catch (problem) {
      this.said.replaceChildren(notice("bad", problem.sentence ?? "The frame could not be made.", problem.nextStep ?? "Try again."));
    } finally {
      this.wanted = null;
      this.busy(false);
    }
  }

  async order(moment) {
    await this.store.flush();
    const ordered = await request("POST", `/projects/${this.store.project.id}/preview`, moment);
    const job = ordered.type === "done" ? ordered : await finished(ordered.id);
    if (this.wanted !== moment) return; // another one is wanted by now, or none
    this.wanted = null;
    if (!job.output_url) throw job.failure ? { sentence: job.failure.sentence, nextStep: job.failure.next_step } : {};
    const coming = new Image();
    coming.src = job.output_url;
    await coming.decode(); // so that one frame follows the other without a gap
    if (!["portrait", "moment"].includes(this.stage.view)) return;
    this.show(job);
  }

  show({ output_url: url, width_px: width, height_px: height, result }) {
    const isNew = !this.isShown;
    const where = [seconds(result.at_s), REASONS[result.reason]].filter(Boolean).join(" · ");
    this.picture.src = url;
    this.picture.alt = `Preview of one frame: ${where}`;
    this.stage.showOther("moment", { element: this.figure, ratio: width / height });
    this.slider.max = String(Math.max(0, result.length_s - STEP_S));
    this.slider.value = String(result.at_s);
    this.slider.setAttribute("aria-valuetext", where);
    this.facts.textContent = where;
    this.said.replaceChildren();
    if (!isNew) return;
    const words = make("p", {}, make("span", { class: "stage-bar-title" }, "Preview of one frame"), " ", this.facts);
    this.stage.bar.replaceChildren(words, make("div", { class: "stage-bar-actions" }, this.hardest, this.back), this.slider, this.said);
    announce(`Preview of one frame: ${where}.`);
  }

  busy(isBusy) {
    this.isBusy = isBusy;
    for (const button of [this.button, this.hardest]) button.setAttribute("aria-busy", String(isBusy));
  }
}

/** The job with all that is known of it, when it is over. */
function finished(id) {
  return new Promise((resolve, reject) => {
    watchJob(id, (message) => {
      if (message.type === "done") request("GET", `/jobs/${id}`).then(resolve, reject);
    });
  });
}
