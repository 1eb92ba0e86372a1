// Colours as #rrggbb: how far two differ for the eye, and one that can be told from the dark line around letters.

const INK = "#121016";
const SEEN_LEAST = 4.5; // as the renderer has it

const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const parts = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

function luminance(colour) {
  const [red, green, blue] = parts(colour).map((value) => linear(value / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** 1 (the same) to 21 (black and white), as in WCAG 2.2. */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** The colour, lighter where it could not be told from the dark line around letters. */
export function seenOnInk(colour) {
  for (let tenths = 0; tenths < 10; tenths += 1) {
    const lighter = `#${parts(colour).map((value) => Math.round(value + (255 - value) * tenths / 10).toString(16).padStart(2, "0")).join("")}`;
    if (contrast(lighter, INK) >= SEEN_LEAST) return lighter;
  }
  return "#ffffff";
}
