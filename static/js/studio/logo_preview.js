// The brand's logo over the stage before anything is rendered, where and as large as the video will have it.
import { make } from "../ui.js";
import { logoPlace } from "./logo_place.js";
import { sourceOf } from "./source.js";

const SEEN = 8; // alpha of 255 below which a border is empty, as the renderer has it
const LOOKED_AT_PX = 1024; // long side at which the border is looked for
const SHOWS = ["brand", "logo_corner", "logo_size", "logo_opacity", "label_corner", "background", "scenes", "shape", "clip", "portrait"];

export function startLogoPreview(store, stage) {
  return new LogoPreview(store, stage);
}

class LogoPreview {
  constructor(store, stage) {
    Object.assign(this, { store, stage, picture: null, of: null });
    stage.addEventListener("view", () => this.show());
    stage.addEventListener("fitted", () => this.place());
    store.addEventListener("brand", () => this.show());
    store.addEventListener("change", ({ detail }) => SHOWS.some((name) => detail.includes(name)) && this.show());
    this.show();
  }

  get frame() {
    return this.stage.view === "portrait" ? document.querySelector("#stage-canvas .stage-picture, #stage-canvas .player-frame") : null;
  }

  get isWanted() { return this.store.project.brand && Boolean(this.store.brand?.logo); }

  async show() {
    const { brand } = this.store;
    if (!this.isWanted || !this.frame) {
      this.picture?.remove();
      return;
    }
    if (this.of !== brand.logo) {
      this.picture?.remove();
      this.of = brand.logo;
      this.picture = null;
      const made = await pictureOf(brand.logo_url).catch(() => null);
      if (this.of !== brand.logo) return;
      this.picture = made;
      if (!made) this.of = null; // its link has run out, or nobody is online: tried again with the next change
    }
    const { picture, frame } = this;
    if (!picture || !frame || !this.isWanted) return;
    if (picture.parentElement !== frame) frame.append(picture);
    this.place();
  }

  place() {
    const { picture, frame } = this;
    if (!picture?.isConnected || !frame) return;
    const { clientWidth: width, clientHeight: height } = frame;
    if (!width || !height) return;
    const { project, limits } = this.store;
    const source = sourceOf(project);
    const side = Math.min(source?.preflight?.width_px ?? source?.width_px ?? Infinity, source?.preflight?.height_px ?? source?.height_px ?? Infinity, limits.free_side_px);
    const wanted = { corner: project.logo_corner, size: project.logo_size, labelCorner: project.label_corner, videoSide: side };
    const at = logoPlace(width, height, picture, wanted);
    Object.assign(picture.style, {
      left: `${(at.x / width) * 100}%`,
      top: `${(at.y / height) * 100}%`,
      width: `${(at.width / width) * 100}%`,
      height: `${(at.height / height) * 100}%`,
      opacity: String(project.logo_opacity),
    });
  }
}

/** The logo without its empty border, as the renderer cuts it. */
async function pictureOf(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const scale = Math.min(1, LOOKED_AT_PX / Math.max(image.naturalWidth, image.naturalHeight));
  const whole = make("canvas", { width: Math.max(1, Math.round(image.naturalWidth * scale)), height: Math.max(1, Math.round(image.naturalHeight * scale)) });
  const pen = whole.getContext("2d", { willReadFrequently: true });
  pen.drawImage(image, 0, 0, whole.width, whole.height);
  const { x, y, width, height } = seenPart(pen, whole);
  const cut = make("canvas", { class: "stage-logo", width, height, "aria-hidden": "true" });
  cut.getContext("2d").drawImage(whole, x, y, width, height, 0, 0, width, height);
  return cut;
}

function seenPart(pen, { width, height }) {
  const whole = { x: 0, y: 0, width, height };
  let pixels;
  try {
    pixels = pen.getImageData(0, 0, width, height).data;
  } catch { // files of another host may be shown, not read
    return whole;
  }
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let at = 3, index = 0; at < pixels.length; at += 4, index += 1) {
    if (pixels[at] <= SEEN) continue;
    const x = index % width;
    const y = (index - x) / width;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    bottom = y;
  }
  return right < 0 ? whole : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}
