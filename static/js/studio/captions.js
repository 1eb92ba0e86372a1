// Words with their times → subtitle cues, and cues as SRT or WebVTT.

const LINE_CHARS = 42; // as broadcasters have it; wide signs (Han, kana, hangul) count twice
const LINES = 2;
const LONGEST_S = 6;
const SHORTEST_S = 0.8;
const PAUSE_S = 0.5; // a pause this long ends a cue
const SENTENCE_END = /[.!?…。！？]["'”’)\]]?$/;
const WIDE = /[ᄀ-ᅟ⺀-꓏가-힣豈-﫿︰-﹯＀-｠]/u;
const UNSPACED = /^[぀-ヿ㐀-䶿一-鿿豈-﫿]/u;

const widthOf = (text) => [...text].reduce((sum, sign) => sum + (WIDE.test(sign) ? 2 : 1), 0);
const joined = (words) => words.reduce((text, { text: word }) => (text && !UNSPACED.test(word) ? `${text} ${word}` : text + word), "");

/** Words with the punctuation that stands behind them in the script: what is heard has none. */
export function withPunctuation(words, script) {
  let from = 0;
  return words.map((word) => {
    const at = script.indexOf(word.text, from);
    if (at < 0) return word;
    const after = at + word.text.length;
    from = after;
    const marks = script.slice(after).match(/^[^\s\p{L}\p{N}]+/u)?.[0] ?? "";
    const before = script.slice(0, at).match(/(?:^|\s)([¿¡“"'‘([«]+)$/u)?.[1] ?? "";
    return { ...word, text: before + word.text + marks };
  });
}

/** Text in at most two lines of similar length. */
export function inLines(text) {
  if (widthOf(text) <= LINE_CHARS || !text.includes(" ")) return text;
  const words = text.split(" ");
  const splits = words.slice(1).map((_, at) => [words.slice(0, at + 1).join(" "), words.slice(at + 1).join(" ")]);
  const longest = ([one, other]) => Math.max(widthOf(one), widthOf(other));
  return splits.reduce((best, split) => (longest(split) < longest(best) ? split : best)).join("\n");
}

/** rows: [[text, start_s, end_s], …] → [{text, start_s, end_s}], each short enough to be read. */
export function cuesOf(rows, script) {
  const words = withPunctuation(rows.map(([text, start, end]) => ({ text, start_s: start, end_s: end })), script);
  const cues = [];
  let open = [];
  const close = () => {
    if (open.length) cues.push({ text: inLines(joined(open)), start_s: open[0].start_s, end_s: open.at(-1).end_s });
    open = [];
  };
  for (const word of words) {
    const last = open.at(-1);
    const isFull = last && (widthOf(joined([...open, word])) > LINE_CHARS * LINES || word.end_s - open[0].start_s > LONGEST_S);
    if (last && (isFull || word.start_s - last.end_s > PAUSE_S || SENTENCE_END.test(last.text))) close();
    open.push(word);
  }
  close();
  return cues.map((cue, at) => ({ ...cue, end_s: Math.max(cue.end_s, Math.min(cue.start_s + SHORTEST_S, cues[at + 1]?.start_s ?? Infinity)) }));
}

function clock(seconds, mark) {
  const ms = Math.round(seconds * 1000);
  const two = (value) => String(value).padStart(2, "0");
  return `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1000) % 60)}${mark}${String(ms % 1000).padStart(3, "0")}`;
}

export function toSrt(cues) {
  return cues.map(({ text, start_s: start, end_s: end }, at) => `${at + 1}\n${clock(start, ",")} --> ${clock(end, ",")}\n${text}\n`).join("\n");
}

export function toVtt(cues) {
  const safe = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `WEBVTT\n\n${cues.map(({ text, start_s: start, end_s: end }) => `${clock(start, ".")} --> ${clock(end, ".")}\n${safe(text)}\n`).join("\n")}`;
}
