// What a thumbnail will look like, drawn at once: the frame in its shape around the face, and the words over it.
// The picture itself is made by the worker; sizes and places here are the same (worker/compose/headline.py, camera.py).

const RATIOS = { "16:9": 16 / 9, "9:16": 9 / 16, "1:1": 1, "4:5": 4 / 5 };
const ASIDE = 0.34, ABOVE = 0.45, BELOW = 0.32, FACE_AT = 0.4;
const MARGIN = 0.065, LINES_MAX = 3, LARGEST = 0.15, SMALLEST = 0.045, LINE_HEIGHT = 1.14, OUTLINE = 0.085, LABEL = 0.105;
const BLOCK_LEAST = 0.2, BLOCK_MOST = 0.42;
export const COLOURS = { white: ["#ffffff", "#100e14"], yellow: ["#ffd640", "#100e14"], coral: ["#ff8a70", "#100e14"], mint: ["#7ee8bc", "#100e14"], black: ["#100e14", "#ffffff"] };
const FAMILIES = { display: "700 1px \"Lipsmith Display\", \"Noto Sans\", sans-serif", clean: "600 1px \"Lipsmith Sans\", \"Noto Sans\", sans-serif" };
const UNSPACED = /[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]/;
const UNDRAWN = /\p{Extended_Pictographic}|[\ufe00-\ufe0f\u200b]/gu; // no font of ours has emoji: they are left out

const within = (value, least, most) => Math.min(Math.max(value, least), most);

/** The part of a width × height picture that the shape shows; it may reach beyond the picture. */
function windowOf(width, height, shape, face) {
  const ratio = RATIOS[shape];
  if (!ratio) return { x: 0, y: 0, width, height };
  let [w, h] = width / height < ratio ? [width, width / ratio] : [height * ratio, height];
  if (!face) return { x: (width - w) / 2, y: (height - h) / 2, width: w, height: h };
  const [x0, y0, x1, y1] = [face[0] * width, face[1] * height, face[2] * width, face[3] * height];
  const wide = x1 - x0, tall = y1 - y0;
  const head = [Math.max(0, x0 - ASIDE * wide), Math.max(0, y0 - ABOVE * tall), Math.min(width, x1 + ASIDE * wide), Math.min(height, y1 + BELOW * tall)];
  const grown = Math.max(1, (head[2] - head[0]) / w, (head[3] - head[1]) / h);
  [w, h] = [w * grown, h * grown];
  const place = (side, size, wanted) => (size >= side ? (side - size) / 2 : within(wanted, 0, side - size));
  return { x: place(width, w, (x0 + x1) / 2 - w / 2), y: place(height, h, (y0 + y1) / 2 - FACE_AT * h), width: w, height: h };
}

function pieces(text) {
  const words = [];
  for (const chunk of text.replace(UNDRAWN, "").split(/\s+/).filter(Boolean)) {
    if (!UNSPACED.test(chunk)) words.push({ text: chunk, tight: false });
    else [...chunk].forEach((character, at) => words.push({ text: character, tight: at > 0 }));
  }
  return words;
}

function wrapped(pen, words, room) {
  const lines = [""];
  for (const { text, tight } of words) {
    const longer = lines.at(-1) ? `${lines.at(-1)}${tight ? "" : " "}${text}` : text;
    if (lines.at(-1) && pen.measureText(longer).width > room) lines.push(text);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function drawWords(pen, width, height, { text, font, colour, position, clear }, face) {
  const words = pieces(text);
  if (!words.length) return;
  const short = Math.min(width, height);
  const taken = clear ? LABEL * short : 0; // by the label in a lower corner
  const bottom = height - Math.max(MARGIN * height, taken);
  const tall = face ? face.y1 - face.y0 : 0;
  const above = face ? face.y0 + 0.18 * tall - MARGIN * height : 0;
  const below = face ? bottom - face.y1 + 0.06 * tall : bottom - MARGIN * height;
  const place = position === "auto" ? (above > below + taken ? "top" : "bottom") : position;
  const most = within({ top: above, bottom: below, middle: 0 }[place], BLOCK_LEAST * height, BLOCK_MOST * height);
  const room = width * (1 - 2 * MARGIN);
  let size = LARGEST * short;
  let lines = [];
  for (; ; size *= 0.93) {
    pen.font = FAMILIES[font].replace("1px", `${size}px`);
    lines = wrapped(pen, words, room);
    const fits = lines.length <= LINES_MAX && lines.length * LINE_HEIGHT * size <= most && lines.every((line) => pen.measureText(line).width <= room);
    if (fits || size <= SMALLEST * short) break;
  }
  let [low, high] = [0, room]; // lines about equally long
  for (let round = 0; round < 8; round += 1) {
    const middle = (low + high) / 2;
    if (wrapped(pen, words, middle).length > lines.length) low = middle;
    else high = middle;
  }
  const even = wrapped(pen, words, high);
  if (even.length === lines.length && even.every((line) => pen.measureText(line).width <= room)) lines = even;
  const block = lines.length * LINE_HEIGHT * size;
  const top = { top: MARGIN * height, middle: (height - block) / 2, bottom: bottom - block }[place];
  const [fill, outline] = COLOURS[colour];
  Object.assign(pen, { textAlign: "center", textBaseline: "alphabetic", lineJoin: "round", fillStyle: fill, strokeStyle: outline, lineWidth: 2 * OUTLINE * size });
  lines.forEach((line, at) => {
    const y = top + at * LINE_HEIGHT * size + 0.86 * size;
    pen.shadowColor = outline;
    pen.shadowBlur = 0.3 * size;
    pen.strokeText(line, width / 2, y);
    pen.shadowBlur = 0;
    pen.fillText(line, width / 2, y);
  });
}

/** Draws the frame (anything drawImage takes; `part` of it, [x, y, width, height]) on the canvas as it is wished. */
export function drawSketch(canvas, { frame, part, face }, wish, longest_px) {
  const [px, py, width, height] = part;
  const seen = windowOf(width, height, wish.shape, face);
  const scale = longest_px / Math.max(seen.width, seen.height);
  canvas.width = Math.round(seen.width * scale);
  canvas.height = Math.round(seen.height * scale);
  const pen = canvas.getContext("2d");
  const cover = Math.max(canvas.width / width, canvas.height / height);
  pen.filter = `blur(${Math.round(longest_px / 18)}px) brightness(0.72)`;
  pen.drawImage(frame, px, py, width, height, (canvas.width - width * cover) / 2, (canvas.height - height * cover) / 2, width * cover, height * cover);
  pen.filter = "none";
  pen.drawImage(frame, px, py, width, height, -seen.x * scale, -seen.y * scale, width * scale, height * scale);
  const box = face && { y0: (face[1] * height - seen.y) * scale, y1: (face[3] * height - seen.y) * scale };
  drawWords(pen, canvas.width, canvas.height, wish, box);
}
