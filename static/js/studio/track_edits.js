// Changes to a mouth track, drawn and exported by the same rules as they are rendered (worker/engine/speech/track_edits.py).

const EASE_S = 0.06;
const MIN_MARGIN_S = 0.3;
const VALUE_LIMIT = 2;
const OPENING = new Set(["openness", "jaw", "lower_drop", "upper_raise"]);

const mapColumns = (columns, work) => Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, work(values, name)]));
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** How much an edit counts at a time, 0…1. */
export function inside(time_s, { start_s: start, end_s: end }) {
  const ease_s = Math.min(EASE_S, (end - start) / 2);
  return clamp(Math.min(time_s - start, end - time_s) / ease_s, 0, 1);
}

/** `values` at `times_s`, read at any time: straight lines between, the ends beyond. */
export function readAt(times_s, values, at_s) {
  const last = times_s.length - 1;
  if (at_s <= times_s[0]) return values[0];
  if (at_s >= times_s[last]) return values[last];
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times_s[middle] <= at_s) low = middle;
    else high = middle;
  }
  const share = (at_s - times_s[low]) / (times_s[high] - times_s[low]);
  return values[low] + (values[high] - values[low]) * share;
}

/** Where an output time comes from when the stretch of `edit` arrives `amount` later and its neighbours give way. */
export function movedFrom(time_s, { start_s: start, end_s: end, amount }) {
  const margin_s = Math.max(MIN_MARGIN_S, 2 * Math.abs(amount));
  const arrives = [start - margin_s, start + amount, end + amount, end + margin_s];
  if (time_s <= arrives[0] || time_s >= arrives[3]) return time_s;
  return readAt(arrives, [start - margin_s, start, end, end + margin_s], time_s);
}

const EDITORS = {
  close(track, edit) {
    const keep = track.times_s.map((time_s) => 1 - inside(time_s, edit));
    return {
      ...track,
      articulation: mapColumns(track.articulation, (values) => values.map((value, at) => value * keep[at])),
      visemes: mapColumns(track.visemes, (values, name) => values.map((value, at) => value * keep[at] + (name === "rest" ? 1 - keep[at] : 0))),
    };
  },
  scale(track, edit) {
    const factor = track.times_s.map((time_s) => 1 + (edit.amount - 1) * inside(time_s, edit));
    const scaled = (values) => values.map((value, at) => clamp(value * factor[at], -VALUE_LIMIT, VALUE_LIMIT));
    return { ...track, articulation: mapColumns(track.articulation, (values, name) => (OPENING.has(name) ? scaled(values) : values)) };
  },
  move(track, edit) {
    const from_s = track.times_s.map((time_s) => movedFrom(time_s, edit));
    const read = (values) => from_s.map((time_s) => readAt(track.times_s, values, time_s));
    const isMoved = ([, start, end]) => edit.start_s <= (start + end) / 2 && (start + end) / 2 < edit.end_s;
    return {
      ...track,
      articulation: mapColumns(track.articulation, read),
      visemes: mapColumns(track.visemes, read),
      phonemes: track.phonemes.map((one) => (isMoved(one) ? [one[0], one[1] + edit.amount, one[2] + edit.amount, ...one.slice(3)] : one)),
    };
  },
};

/** The track after all edits, in their order. */
export function editTrack(track, edits) {
  if (!edits.length) return track;
  return { ...edits.reduce((edited, edit) => EDITORS[edit.kind](edited, edit), track), method: "edited" };
}

const round = (value, decimals) => Number(value.toFixed(decimals));

/** As the file that `animate --track` and the studio's import read. */
export function trackFile(track) {
  const rounded = (columns) => mapColumns(columns, (values) => values.map((value) => round(value, 3)));
  const phonemes = track.phonemes.map(([symbol, start, end, ...rest]) => [symbol, round(Math.max(0, start), 6), round(Math.max(0, end), 6), ...rest]);
  return JSON.stringify({ ...track, articulation: rounded(track.articulation), visemes: rounded(track.visemes), phonemes });
}
