// Where a logo lies in a frame: the rules of worker/compose/brand_logo.py and marks.py, for the stage.
const MARGIN = 0.035; // these four of the short side
const LABEL_HEIGHT = 0.05;
const GAP = 0.02;
const WIDEST = 2.5; // times its height
const WIDTH_MAX = 0.6; // of the frame's
const LABEL_WIDTH = 4.53; // times its height: “AI-generated” in its pill
const TALL = 1.6; // height by width, from which a frame keeps free what apps cover
const LARGER_MAX = 2; // times its own pixels in the video

function cornerPlace(width, height, [wide, high], corner) {
  const margin = Math.min(width, height) * MARGIN;
  const isTall = height / width > TALL;
  const right = isTall && corner === "bottom-right" ? 0.15 * width : margin;
  const x = corner.endsWith("left") ? margin : width - right - wide;
  const y = corner.startsWith("top") ? (isTall ? 0.1 * height : margin) : height - (isTall ? 0.21 * height : margin) - high;
  return [Math.max(0, x), Math.max(0, y)];
}

/**
 * The logo's {x, y, width, height} in a frame of that size; `logo`: its own size, `videoSide`: the video's short side, all in
 * pixels; `size`: its share of the frame's short side; `labelCorner`: where the label is, null without one.
 */
export function logoPlace(width, height, logo, { corner, size, labelCorner, videoSide }) {
  const short = Math.min(width, height);
  const box = [Math.min(short * size * WIDEST, width * WIDTH_MAX), short * size];
  const scale = Math.min(box[0] / logo.width, box[1] / logo.height, (LARGER_MAX * short) / videoSide);
  const [wide, high] = [logo.width * scale, logo.height * scale];
  let [x, y] = cornerPlace(width, height, [wide, high], corner);
  const sameEdge = labelCorner && labelCorner.split("-")[0] === corner.split("-")[0];
  if (sameEdge) {
    const label = [short * LABEL_HEIGHT * LABEL_WIDTH, short * LABEL_HEIGHT];
    const [labelX, labelY] = cornerPlace(width, height, label, labelCorner);
    const gap = GAP * short;
    if (x <= labelX + label[0] + gap && x + wide + gap >= labelX) {
      y = corner.startsWith("top") ? labelY + label[1] + gap : labelY - gap - high;
      y = Math.max(0, Math.min(y, height - high));
    }
  }
  return { x, y, width: wide, height: high };
}

/** How much of a frame's lower edge label and logo take up, as a share of its height: captions stand above. `logo`: {corner, size} or null. */
export function takenBelow(width, height, labelCorner, logo) {
  const short = Math.min(width, height);
  const tops = [height];
  if (labelCorner?.startsWith("bottom")) tops.push(cornerPlace(width, height, [0, short * LABEL_HEIGHT], labelCorner)[1]);
  if (logo?.corner.startsWith("bottom")) {
    const box = { width: Math.min(short * logo.size * WIDEST, width * WIDTH_MAX), height: short * logo.size };
    tops.push(logoPlace(width, height, box, { ...logo, labelCorner, videoSide: 1 }).y);
  }
  return 1 - Math.min(...tops) / height;
}
