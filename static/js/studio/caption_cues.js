// What can be done with captions: [{start_s, end_s, words: [{text, start_s, end_s, unsure?}]}], in time, never overlapping.

export const SHORTEST_S = 0.2;
const NEW_S = 1.5;

const round = (value) => Number(value.toFixed(3));
const UNSPACED = /^[぀-ヿ㐀-䶿一-鿿豈-﫿]/u;
const CHARS = "[぀-ヿ㐀-䶿一-鿿豈-﫿]";
const PIECES = new RegExp(`${CHARS}[^\\p{L}\\p{N}]*|(?:(?!${CHARS}).)+`, "gu");

/** The words of a text as they are shown one by one: split at spaces, and between signs where a script has none. */
export const wordsIn = (text) => text.trim().split(/\s+/).filter(Boolean).flatMap((chunk) => (new RegExp(CHARS, "u").test(chunk) ? chunk.match(PIECES) : [chunk]));

export const textOf = (cue) => cue.words.reduce((text, { text: word }, at) => (text && !(UNSPACED.test(word) && UNSPACED.test(cue.words[at - 1].text)) ? `${text} ${word}` : text + word), "");

/** Words of these texts, within a time, by their length. */
function spread(texts, start_s, end_s) {
  const sizes = texts.map((text) => Math.max(2, [...text].length));
  const step = (end_s - start_s) / sizes.reduce((sum, size) => sum + size, 0);
  let at = start_s;
  return texts.map((text, n) => ({ text, start_s: round(at), end_s: round((at += step * sizes[n])) }));
}

/** Another text in a caption: with as many words, each keeps its time; else they share the caption's. Null if empty. */
export function withText(cue, text) {
  const texts = wordsIn(text).slice(0, 60).map((word) => word.slice(0, 120));
  if (!texts.length) return null;
  if (texts.length === cue.words.length) {
    return { ...cue, words: cue.words.map((word, n) => (word.text === texts[n] ? word : { text: texts[n], start_s: word.start_s, end_s: word.end_s })) };
  }
  return { ...cue, words: spread(texts, cue.start_s, cue.end_s) };
}

/** A caption at another time: its words stay when they are said, as far as they fit. */
function within(cue, start_s, end_s) {
  const inside = (time) => round(Math.min(end_s, Math.max(start_s, time)));
  return { start_s: round(start_s), end_s: round(end_s), words: cue.words.map((word) => ({ ...word, start_s: inside(word.start_s), end_s: inside(word.end_s) })) };
}

const replaced = (cues, at, count, ...others) => [...cues.slice(0, at), ...others, ...cues.slice(at + count)];

/** Where a caption may lie: between its neighbours. */
export const roomOf = (cues, at, duration_s) => [cues[at - 1]?.end_s ?? 0, cues[at + 1]?.start_s ?? Math.max(duration_s, cues[at].end_s)];

/** Move "start", "end" or "both" to a time; neighbours are never pushed. */
export function moved(cues, at, what, to_s, duration_s) {
  const cue = cues[at];
  const [from_s, until_s] = roomOf(cues, at, duration_s);
  if (what === "start") return replaced(cues, at, 1, within(cue, Math.max(from_s, Math.min(to_s, cue.end_s - SHORTEST_S)), cue.end_s));
  if (what === "end") return replaced(cues, at, 1, within(cue, cue.start_s, Math.min(until_s, Math.max(to_s, cue.start_s + SHORTEST_S))));
  const by_s = Math.max(from_s - cue.start_s, Math.min(to_s - cue.start_s, until_s - cue.end_s));
  const later = (time) => round(time + by_s);
  return replaced(cues, at, 1, { start_s: later(cue.start_s), end_s: later(cue.end_s), words: cue.words.map((word) => ({ ...word, start_s: later(word.start_s), end_s: later(word.end_s) })) });
}

/** Two captions of one, parted before the word nearest its middle; null where there is only one word. */
export function split(cues, at) {
  const { words, start_s, end_s } = cues[at];
  if (words.length < 2 || end_s - start_s < 2 * SHORTEST_S) return null;
  const middle = Math.ceil(words.length / 2);
  const border = Math.min(end_s - SHORTEST_S, Math.max(start_s + SHORTEST_S, words[middle].start_s));
  return replaced(cues, at, 1, within({ words: words.slice(0, middle) }, start_s, border), within({ words: words.slice(middle) }, border, end_s));
}

/** A caption and the one after it as one. */
export function merged(cues, at) {
  const next = cues[at + 1];
  return next && cues[at].words.length + next.words.length <= 60 ? replaced(cues, at, 2, { start_s: cues[at].start_s, end_s: next.end_s, words: [...cues[at].words, ...next.words] }) : null;
}

export const without = (cues, at) => replaced(cues, at, 1);

/** One more, in the first gap from a time on; {cues, at}, or null where there is no room. */
export function added(cues, from_s, duration_s) {
  for (let at = 0; at <= cues.length; at += 1) {
    const start_s = Math.max(cues[at - 1]?.end_s ?? 0, from_s);
    const end_s = Math.min(cues[at]?.start_s ?? duration_s, start_s + NEW_S);
    if (end_s - start_s >= SHORTEST_S) return { cues: replaced(cues, at, 0, { start_s: round(start_s), end_s: round(end_s), words: spread(["…"], start_s, end_s) }), at };
  }
  return from_s > 0 ? added(cues, 0, duration_s) : null;
}

/** Somebody has looked at a word, or at all of a caption's. */
export const checked = (cue, only = null) => ({ ...cue, words: cue.words.map((word) => (only === null || word === only ? { text: word.text, start_s: word.start_s, end_s: word.end_s } : word)) });

/** As subtitle files have it. */
export const plain = (cues, inLines) => cues.map((cue) => ({ start_s: cue.start_s, end_s: cue.end_s, text: inLines(textOf(cue)) }));
