// Choosing a stretch of the timeline, and what can be done with it: shut the mouth, open it more or less, move it in time.
import { announce, find } from "../ui.js";

const NUDGE_S = 0.02;
const MOVE_MAX_S = 1;
const CLICK_PX = 4;
const SHORTEST_S = 0.02;

const sameSpan = (one, other) => Math.abs(one.start_s - other.start_s) < 0.002 && Math.abs(one.end_s - other.end_s) < 0.002;
const round = (value) => Number(value.toFixed(3));

/** `edits` with one more of this kind for the span; one that changes nothing is taken out. */
export function withEdit(edits, kind, span, amount) {
  const others = edits.filter((edit) => edit.kind !== kind || !sameSpan(edit, span));
  const isNothing = (kind === "scale" && Math.abs(amount - 1) < 0.005) || (kind === "move" && Math.abs(amount) < 0.002);
  if (isNothing) return others;
  const edit = { kind, start_s: round(span.start_s), end_s: round(span.end_s) };
  return [...others, kind === "close" ? edit : { ...edit, amount: round(amount) }];
}

export class Selection {
  constructor(store, timeline) {
    Object.assign(this, { store, timeline, span: null, origin: null, preview: null });
    this.box = find("#timeline-selection");
    this.inner = find("#timeline-inner");
    this.scale = find("#mouth-scale");
    this.wirePointer();
    this.wireDragging();
    find("#mouth-close").addEventListener("click", () => this.toggleClosed());
    find("#mouth-reset").addEventListener("click", () => this.reset());
    find("#mouth-earlier").addEventListener("click", () => this.moveBy(-NUDGE_S));
    find("#mouth-later").addEventListener("click", () => this.moveBy(NUDGE_S));
    this.scale.addEventListener("input", () => {
      this.preview = withEdit(this.timeline.edits, "scale", this.find("scale") ?? this.span, Number(this.scale.value));
      this.showScale();
      this.timeline.draw();
    });
    this.scale.addEventListener("change", () => {
      const edits = this.preview;
      if (!edits) return;
      this.preview = null;
      this.timeline.setEdits(edits);
    });
    find("#timeline-scroll").addEventListener("keydown", (event) => this.onKey(event));
    store.addEventListener("change", ({ detail }) => detail.includes("mouth_edits") && this.show());
  }

  get duration() { return this.timeline.found?.duration_s ?? 1; }

  timeAt(event) {
    const { left, width } = this.inner.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width)) * this.duration;
  }

  choose(start_s, end_s) {
    this.span = { start_s: Math.max(0, start_s), end_s: Math.min(this.duration, Math.max(end_s, start_s + SHORTEST_S)) };
    this.origin = { ...this.span };
    this.preview = null;
    this.show();
    this.timeline.seek(this.span.start_s);
    announce(`From ${start_s.toFixed(2)} to ${end_s.toFixed(2)} seconds.`);
  }

  clear() {
    this.span = null;
    this.preview = null;
    this.show();
  }

  find(kind, spans = [this.span, this.origin]) { return this.timeline.edits.find((edit) => edit.kind === kind && spans.some((span) => sameSpan(edit, span))); }

  show() {
    find("#timeline-edit").hidden = !this.span;
    this.place();
    if (!this.span) return;
    this.scale.value = this.find("scale")?.amount ?? 1;
    find("#mouth-close").setAttribute("aria-pressed", String(Boolean(this.find("close"))));
    this.showScale();
  }

  showScale() { find("#mouth-scale-value").textContent = `${Math.round(this.scale.value * 100)} %`; }

  place() {
    this.box.hidden = !this.span;
    if (!this.span) return;
    this.box.style.left = `${(this.span.start_s / this.duration) * 100}%`;
    this.box.style.width = `${((this.span.end_s - this.span.start_s) / this.duration) * 100}%`;
  }

  toggleClosed() {
    const { edits } = this.timeline;
    const known = this.find("close");
    this.timeline.setEdits(known ? edits.filter((edit) => edit !== known) : withEdit(edits, "close", this.span));
  }

  /** Everything that was changed within the stretch, taken back. */
  reset() {
    const spans = [this.span, this.origin];
    this.span = { ...this.origin };
    this.timeline.setEdits(this.timeline.edits.filter((edit) => !spans.some((span) => edit.start_s < span.end_s - 0.002 && edit.end_s > span.start_s + 0.002)));
  }

  moveBy(by_s) {
    const amount = Math.min(MOVE_MAX_S, Math.max(-MOVE_MAX_S, (this.find("move", [this.origin])?.amount ?? 0) + by_s));
    const long_s = this.origin.end_s - this.origin.start_s;
    const start_s = Math.max(0, this.origin.start_s + amount);
    this.span = { start_s, end_s: start_s + long_s };
    this.timeline.setEdits(withEdit(this.timeline.edits, "move", this.origin, start_s - this.origin.start_s));
  }

  /** Dragging over the lanes chooses a stretch; a press only moves the playhead. */
  wirePointer() {
    const canvas = find("#timeline-canvas");
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.timeline.found || event.button) return;
      canvas.setPointerCapture(event.pointerId);
      const from = { x: event.clientX, time_s: this.timeAt(event) };
      const move = (now) => {
        if (Math.abs(now.clientX - from.x) < CLICK_PX) return;
        const to_s = this.timeAt(now);
        this.span = { start_s: Math.min(from.time_s, to_s), end_s: Math.max(from.time_s, to_s, Math.min(from.time_s, to_s) + SHORTEST_S) };
        this.place();
      };
      const up = (now) => {
        canvas.removeEventListener("pointermove", move);
        canvas.removeEventListener("pointercancel", up);
        if (Math.abs(now.clientX - from.x) < CLICK_PX) {
          this.clear();
          this.timeline.seek(from.time_s);
        } else {
          this.choose(this.span.start_s, this.span.end_s);
        }
      };
      canvas.addEventListener("pointermove", move);
      canvas.addEventListener("pointerup", up, { once: true });
      canvas.addEventListener("pointercancel", up, { once: true });
    });
  }

  /** The chosen stretch itself can be dragged to happen earlier or later. */
  wireDragging() {
    this.box.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      this.box.setPointerCapture(event.pointerId);
      const from_s = this.timeAt(event);
      const move = (now) => { this.box.style.transform = `translateX(${((this.timeAt(now) - from_s) / this.duration) * this.inner.clientWidth}px)`; };
      const up = (now) => {
        this.box.removeEventListener("pointermove", move);
        this.box.style.transform = "";
        const by_s = this.timeAt(now) - from_s;
        if (Math.abs(by_s) > 0.004) this.moveBy(by_s);
      };
      this.box.addEventListener("pointermove", move);
      this.box.addEventListener("pointerup", up, { once: true });
      this.box.addEventListener("pointercancel", () => { this.box.removeEventListener("pointermove", move); this.box.style.transform = ""; }, { once: true });
    });
  }

  onKey(event) {
    if (!this.span || event.target.closest("button")) return;
    const act = { ArrowLeft: () => this.moveBy(-NUDGE_S), ArrowRight: () => this.moveBy(NUDGE_S), Delete: () => this.reset(), Backspace: () => this.reset(), Escape: () => this.clear() }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
