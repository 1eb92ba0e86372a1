// The list and lane of captions under the stage: words and times, changed by hand, kept with the project.
import { announce, find, icon, make, notice } from "../ui.js";
import { added, checked, merged, moved, split, textOf, withText, without } from "./caption_cues.js";
import { CaptionLane } from "./caption_lane.js";
import { clipTime } from "./clip_stage.js";
import { CaptionSource, VOICE_FIELDS } from "./caption_source.js";

const WAIT_MS = 1500; // after the last change to the words
const TIMING_WORDS = { exact: "Exact times of the typed words", aligned: "Your words, found in the recording", estimated: "Times are estimates", draft: "Draft: check the marked words" };

export function startCaptionEditor(store) {
  return new CaptionEditor(store);
}

class CaptionEditor {
  constructor(store) {
    this.store = store;
    this.root = find("#caption-editor");
    this.list = find("#caption-list");
    this.source = new CaptionSource(store);
    this.found = null;
    this.chosen = null;
    this.lane = new CaptionLane(this);
    find("#captions-edit").addEventListener("click", () => this.open());
    find("#caption-add").addEventListener("click", () => this.add());
    find("#caption-reset").addEventListener("click", () => this.reset());
    this.root.addEventListener("toggle", () => this.root.open && this.refresh());
    store.addEventListener("change", ({ detail }) => this.onChange(detail));
    store.addEventListener("saved", () => {
      if (this.state !== this.drawnState && this.found) this.draw();
      if (this.isStale && this.isWanted) this.later();
    });
    if (store.project.captions !== "none") this.later();
  }

  /** Somebody edits captions, or sees them on the stage. */
  get isWanted() { return this.root.open || this.store.project.captions !== "none"; }

  get state() {
    const { project } = this.store;
    return project.caption_cues.length ? project.caption_cues_state : "none";
  }

  /** What is shown: edited ones where they count, else as they come. */
  get cues() {
    if (this.state === "apply") return this.store.project.caption_cues;
    return (this.state === "refit" ? this.found?.fitted : null) ?? this.found?.cues ?? [];
  }

  get duration_s() { return Math.max(this.found?.duration_s ?? 0, this.cues.at(-1)?.end_s ?? 0, 0.5); }

  open() {
    this.root.open = true;
    this.root.scrollIntoView({ block: "nearest" });
    find("summary", this.root).focus();
  }

  onChange(names) {
    if (names.includes("captions") && !this.found && this.isWanted) this.later();
    if (names.includes("caption_cues")) {
      if (!names.includes("version") && this.store.project.caption_cues.length) this.store.project.caption_cues_state = "apply"; // changed or taken back here: for the voice as it is
      this.draw();
    }
    if (!names.some((name) => VOICE_FIELDS.includes(name))) return;
    this.isStale = true;
    this.isFresh = false;
    this.rest();
    if (this.isWanted) this.later();
  }

  /** What belongs to the voice before cannot be changed until the one that is there now was listened to. */
  rest() {
    for (const id of ["#caption-list", "#caption-lane", "#caption-tools"]) find(id).inert = Boolean(this.found) && !this.isFresh;
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), WAIT_MS);
  }

  say(...content) { find("#caption-feedback").replaceChildren(...content); }

  async refresh() {
    const missing = this.source.whyNot();
    this.isStale = false;
    if (missing) {
      this.found = null;
      this.draw();
      this.say(make("p", { class: "field-hint timeline-empty" }, missing));
      return;
    }
    find("#caption-words").textContent = "Listening…";
    try {
      await this.store.flush();
      const found = await this.source.find();
      if (!found) return; // another search began meanwhile
      this.found = found;
      this.isFresh = !this.isStale;
      this.draw();
    } catch (problem) {
      if (problem.code === "aborted") return;
      this.found = null;
      this.draw();
      this.say(notice("bad", problem.sentence, problem.nextStep));
    }
  }

  set(cues, { chosen = this.chosen } = {}) {
    this.chosen = chosen;
    this.store.project.caption_cues_state = cues.length ? "apply" : "none"; // made for the voice as it is
    this.store.set({ caption_cues: cues });
  }

  reset() {
    this.set([], { chosen: null });
    announce("Captions come by themselves again.");
  }

  add() {
    const from_s = clipTime() ?? this.cues[this.chosen]?.end_s ?? 0;
    const more = added(this.cues, from_s, this.duration_s);
    if (!more) {
      announce("There is no room: shorten a caption first.");
      find("#caption-state").textContent = "There is no room: shorten a caption first.";
      return;
    }
    this.set(more.cues, { chosen: more.at });
    const field = this.list.children[more.at]?.querySelector(".caption-text");
    field?.focus();
    field?.select();
  }

  choose(at, { focus = false } = {}) {
    this.chosen = at;
    const video = find(".stage video");
    if (video && this.cues[at]) video.currentTime = Math.max(0, this.cues[at].start_s - Number(video.dataset.clipStart ?? 0)) + 0.01;
    for (const [n, row] of [...this.list.children].entries()) row.dataset.chosen = String(n === at);
    this.lane.mark(at);
    if (focus) this.list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  draw() {
    const { cues } = this;
    this.drawnState = this.state;
    this.rest();
    const isThere = cues.length > 0;
    for (const id of ["#caption-tools", "#caption-scroll", "#caption-help"]) find(id).hidden = !isThere && !this.found;
    find("#caption-reset").hidden = this.state !== "apply";
    const how = { apply: "Changed by you", refit: "Changed by you, with new times" }[this.state] ?? TIMING_WORDS[this.found?.timing] ?? "";
    find("#caption-state").textContent = how;
    find("#caption-words").textContent = isThere ? `${cues.length} · ${how}` : "Words and times, to be changed";
    this.lane.draw();
    const typing = document.activeElement?.closest?.(".caption-row");
    const where = typing ? [[...this.list.children].indexOf(typing), document.activeElement.dataset.part] : null;
    this.list.replaceChildren(...cues.map((cue, at) => this.row(cue, at)));
    if (where) this.list.children[Math.min(where[0], cues.length - 1)]?.querySelector(`[data-part="${where[1]}"]`)?.focus();
    this.sayNotices();
    const isGuess = this.state === "none" && this.found?.timing === "draft"; // not shown in the video, so not on the stage
    this.store.captionCues = isGuess ? [] : cues;
    this.store.tell(["caption_shown"]);
  }

  sayNotices() {
    if (this.found && !this.isFresh) {
      this.say();
      return;
    }
    const action = (words, work, look = "button-outline") => make("button", { class: `button ${look} button-small`, type: "button", onclick: work }, words);
    const actions = (...buttons) => make("div", { class: "row notice-actions" }, ...buttons);
    const { project } = this.store;
    const notices = [];
    if (this.state === "refit" && this.found) notices.push(notice("info", "The voice speaks differently now.", "Your captions kept their words and took its times.", actions(action("Keep these times", () => this.set(this.cues)))));
    if (this.state === "waiting") {
      notices.push(notice("info", "Your captions were made for other words.", "They wait, and count again when the words come back.",
        actions(action("Use them here", () => this.set([...project.caption_cues])), action("Remove them", () => this.reset(), "button-ghost"))));
    }
    const isAutomatic = this.state === "none" && this.found;
    if (isAutomatic && this.found.timing === "draft") {
      notices.push(notice("warn", "A draft: a computer wrote down what it heard.", `${this.found.is_english_only === false ? "Words" : "It understands English; words"} it was not sure of are marked. Look them over, or type what is said above. Nothing is shown in the video before that.`, actions(action("Work with this draft", () => this.set(this.cues)))));
    } else if (isAutomatic && !this.found.is_found) {
      notices.push(notice("warn", "These words could not be found in the recording, so their times are guesses.", "Check that the text says what is heard, and that its language is chosen."));
    }
    this.say(...notices);
  }

  row(cue, at) {
    const { cues } = this;
    const number = at + 1;
    const time = (part, value, words) => make("input", { class: "input tabular", type: "number", step: "0.05", min: "0", value: value.toFixed(2), "data-part": part, "aria-label": `Caption ${number} ${words}, in seconds`,
      onchange: (event) => this.set(moved(cues, at, part, Number(event.target.value) || 0, this.duration_s), { chosen: at }) });
    const text = make("input", { class: "input caption-text", type: "text", value: textOf(cue), dir: "auto", maxlength: "400", "data-part": "text", "aria-label": `Caption ${number}, text`,
      onfocus: () => this.choose(at),
      onchange: (event) => {
        const other = withText(cue, event.target.value);
        this.set(other ? [...cues.slice(0, at), other, ...cues.slice(at + 1)] : without(cues, at), { chosen: at });
      } });
    const button = (name, words, part, work) => make("button", { class: "button button-ghost button-small button-icon", type: "button", title: words, "aria-label": `${words}: caption ${number}`, "data-part": part, disabled: !work, onclick: () => this.set(work, { chosen: at }) }, icon(name));
    const row = make("li", { class: "caption-row", "data-chosen": String(at === this.chosen) },
      time("start", cue.start_s, "begins"), time("end", cue.end_s, "ends"), text,
      make("span", { class: "caption-buttons" }, button("crop", "Split", "split", split(cues, at)), button("link", "Join with the next", "merge", merged(cues, at)), button("trash", "Remove", "remove", without(cues, at))));
    const guesses = cue.words.filter((word) => word.unsure);
    if (guesses.length) {
      const isRight = (only) => this.set([...cues.slice(0, at), checked(cue, only), ...cues.slice(at + 1)], { chosen: at });
      row.append(make("span", { class: "caption-unsure" }, "Said like this?",
        ...guesses.map((word) => make("button", { class: "caption-guess", type: "button", "aria-label": `“${word.text}” is right`, onclick: () => isRight(word) }, word.text)),
        make("button", { class: "link-button", type: "button", "aria-label": `All of caption ${number} is right`, onclick: () => isRight(null) }, "All right")));
    }
    return row;
  }
}
