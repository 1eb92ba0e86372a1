// Taking changes back: what each change was before and after, one step per intention, not per keystroke.

const SAME_STEP_MS = 1200; // typing on, or dragging on, within this time is one step
const STEPS_MAX = 200;

const sameFields = (one, other) => Object.keys(one).sort().join() === Object.keys(other).sort().join();

export class History {
  constructor(now = () => Date.now()) {
    this.now = now;
    this.clear();
  }

  clear() {
    this.past = [];
    this.future = [];
  }

  get canUndo() { return this.past.length > 0; }

  get canRedo() { return this.future.length > 0; }

  /** before, after: {field: value}. `isFlowing`: typed or dragged, so that quick ones in a row are one step. */
  add(before, after, { isFlowing = false } = {}) {
    const last = this.past.at(-1);
    const at = this.now();
    this.future = [];
    if (isFlowing && last && at - last.at < SAME_STEP_MS && sameFields(last.before, before)) {
      last.after = after;
      last.at = at;
      return;
    }
    this.past.push({ before, after, at });
    if (this.past.length > STEPS_MAX) this.past.shift();
  }

  /** The fields as they were before the last step, or null. */
  undo() {
    const step = this.past.pop();
    if (!step) return null;
    step.at = 0; // what comes next is a step of its own
    this.future.push(step);
    return step.before;
  }

  redo() {
    const step = this.future.pop();
    if (!step) return null;
    this.past.push(step);
    return step.after;
  }
}
