// Waveforms: loudness over time, drawn as bars in the page's own colours.

const BARS = 96;
const MAX_DECODED_BYTES = 30e6; // decoding more than this only to draw bars would cost a phone its memory

/** The loudest moment of each of `BARS` stretches, 0…1, from the sound at `url`. */
export async function peaksOf(url) {
  const bytes = await (await fetch(url)).arrayBuffer();
  if (bytes.byteLength > MAX_DECODED_BYTES) throw new Error("too large to draw");
  const context = new OfflineAudioContext(1, 1, 22050);
  const sound = await context.decodeAudioData(bytes);
  const samples = sound.getChannelData(0);
  const size = Math.max(1, Math.floor(samples.length / BARS));
  const peaks = Array.from({ length: BARS }, (_, bar) => {
    let loudest = 0;
    for (let at = bar * size; at < (bar + 1) * size; at += 4) loudest = Math.max(loudest, Math.abs(samples[at] ?? 0));
    return loudest;
  });
  const most = Math.max(...peaks, 0.05);
  return peaks.map((peak) => peak / most);
}

/** Draws the bars; those before `played` (0…1) in the accent's colour, those outside of the `part` that is heard faint. */
export function drawWave(canvas, peaks, played = 0, [from, until] = [0, 1]) {
  const scale = devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  if (!width) return;
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const step = width / peaks.length;
  const playedColour = colourOf(canvas, "--accent");
  const restColour = colourOf(canvas, "--border-control");
  peaks.forEach((peak, at) => {
    const tall = Math.max(2, peak * (height - 4));
    context.fillStyle = at / peaks.length < played ? playedColour : restColour;
    const middle = (at + 0.5) / peaks.length;
    context.globalAlpha = middle < from || middle > until ? 0.35 : 1;
    context.beginPath();
    context.roundRect(at * step + step * 0.18, (height - tall) / 2, Math.max(1.5, step * 0.64), tall, 2);
    context.fill();
  });
}

/** What a colour token means here and now: light or dark. */
export function colourOf(element, token) {
  const { color, transition } = element.style;
  element.style.transition = "none"; // where motion is reduced, every change is a very short one: it has not begun yet
  element.style.color = `var(${token})`;
  const colour = getComputedStyle(element).color;
  Object.assign(element.style, { color, transition });
  return colour;
}
