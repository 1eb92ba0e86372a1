// Captions in time: blocks whose edges are dragged, or moved with the arrow keys.
import { announce, find, make } from "../ui.js";
import { moved, textOf } from "./caption_cues.js";
import { clipTime } from "./clip_stage.js";

const STEP_S = 0.05;
const PX_PER_S = 56; // at least, so that edges can be taken hold of
const CLICK_PX = 3;

export class CaptionLane {
  constructor(editor) {
    this.editor = editor;
    this.lane = find("#caption-lane");
    this.playhead = find("#caption-playhead");
    this.editor.root.addEventListener("toggle", () => this.tick());
  }

  draw() {
    const { cues, duration_s: duration } = this.editor;
    this.lane.style.minWidth = `${Math.min(12_000, duration * PX_PER_S)}px`;
    const hadFocus = this.lane.contains(document.activeElement);
    this.lane.replaceChildren(this.playhead, ...cues.map((cue, at) => this.block(cue, at)));
    if (hadFocus) this.blockAt(this.editor.chosen)?.focus();
  }

  blockAt(at) { return this.lane.querySelectorAll(".caption-block")[at]; }

  mark(at) { this.lane.querySelectorAll(".caption-block").forEach((block, n) => block.setAttribute("aria-pressed", String(n === at))); }

  place(block, cue) {
    block.style.left = `${(cue.start_s / this.editor.duration_s) * 100}%`;
    block.style.width = `${((cue.end_s - cue.start_s) / this.editor.duration_s) * 100}%`;
  }

  block(cue, at) {
    const block = make("button", { class: "caption-block", type: "button", dir: "auto", title: textOf(cue), "aria-pressed": String(at === this.editor.chosen), "aria-label": `Caption ${at + 1}, from ${cue.start_s.toFixed(2)} to ${cue.end_s.toFixed(2)} seconds: ${textOf(cue)}`,
      onclick: () => this.editor.choose(at, { focus: true }), onkeydown: (event) => this.onKey(event, at) },
    make("span", { class: "caption-edge caption-edge-start", "data-edge": "start" }), textOf(cue), make("span", { class: "caption-edge caption-edge-end", "data-edge": "end" }));
    block.addEventListener("pointerdown", (event) => this.drag(event, block, at));
    this.place(block, cue);
    return block;
  }

  onKey(event, at) {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const what = event.shiftKey ? "end" : event.ctrlKey ? "start" : "both";
    const cue = this.editor.cues[at];
    const from_s = what === "end" ? cue.end_s : cue.start_s;
    this.editor.set(moved(this.editor.cues, at, what, from_s + (event.key === "ArrowLeft" ? -STEP_S : STEP_S), this.editor.duration_s), { chosen: at });
    const now = this.editor.cues[at];
    announce(`From ${now.start_s.toFixed(2)} to ${now.end_s.toFixed(2)} seconds.`);
  }

  drag(event, block, at) {
    if (event.button) return;
    block.setPointerCapture(event.pointerId);
    const { cues, duration_s: duration } = this.editor;
    const what = event.target.dataset.edge ?? "both";
    const perPx = duration / this.lane.getBoundingClientRect().width;
    const from_s = what === "end" ? cues[at].end_s : cues[at].start_s;
    let result = null;
    const move = (now) => {
      const by_px = now.clientX - event.clientX;
      if (!result && Math.abs(by_px) < CLICK_PX) return;
      result = moved(cues, at, what, from_s + by_px * perPx, duration);
      this.place(block, result[at]);
    };
    const end = (now) => {
      block.removeEventListener("pointermove", move);
      block.removeEventListener("pointerup", end);
      block.removeEventListener("pointercancel", end);
      if (result && now.type === "pointerup") this.editor.set(result, { chosen: at });
      else if (result) this.place(block, cues[at]);
    };
    block.addEventListener("pointermove", move);
    block.addEventListener("pointerup", end);
    block.addEventListener("pointercancel", end);
  }

  tick() {
    cancelAnimationFrame(this.ticking);
    if (!this.editor.root.open) return;
    const at_s = clipTime() ?? 0;
    this.playhead.style.left = `${Math.min(1, at_s / this.editor.duration_s) * 100}%`;
    this.ticking = requestAnimationFrame(() => this.tick());
  }
}
