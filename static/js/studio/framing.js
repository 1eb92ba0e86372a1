// Which part of the picture each shape shows: the same sums as the engine's, so that what is seen is what will be made.

const RATIOS = { "9:16": 9 / 16, "4:5": 4 / 5, "1:1": 1, "16:9": 16 / 9 };
const ASIDE = 0.32; // what must stay in the picture around the face, in widths and heights of the face
const ABOVE = 0.42;
const BELOW = 0.3;
const FACE_AT = 0.42; // the face's middle sits at this share of the height

const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

function placed(start, length, limit, low, high) {
  const moved = Math.min(Math.max(start, high - length), low);
  return length >= limit ? (limit - length) / 2 : clamp(moved, 0, limit - length);
}

/** {x, y, width, height} in pixels of the picture; beyond the picture only where the head needs it. */
export function windowFor(aspect, width, height, box) {
  const ratio = RATIOS[aspect];
  if (!ratio || !width || !height) return { x: 0, y: 0, width, height };
  const [x0, y0, x1, y1] = box ?? [width * 0.3, height * 0.2, width * 0.7, height * 0.6];
  const faceWidth = x1 - x0;
  const faceHeight = y1 - y0;
  const left = Math.max(0, x0 - ASIDE * faceWidth);
  const top = Math.max(0, y0 - ABOVE * faceHeight);
  const right = Math.min(width, x1 + ASIDE * faceWidth);
  const bottom = Math.min(height, y1 + BELOW * faceHeight);
  let cropWidth = width / height < ratio ? width : height * ratio;
  let cropHeight = width / height < ratio ? width / ratio : height;
  const grow = Math.max(1, (right - left) / cropWidth, (bottom - top) / cropHeight);
  cropWidth *= grow;
  cropHeight *= grow;
  return {
    x: placed((x0 + x1) / 2 - cropWidth / 2, cropWidth, width, left, right),
    y: placed((y0 + y1) / 2 - FACE_AT * cropHeight, cropHeight, height, top, bottom),
    width: cropWidth,
    height: cropHeight,
  };
}
