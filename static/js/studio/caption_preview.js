// Over the stage: how captions will look, and what apps lay over an upright video.
import { find, make } from "../ui.js";
import { captionBrand, dressCaption } from "./brand.js";
import { takenBelow } from "./logo_place.js";
import { textOf, wordsIn } from "./caption_cues.js";

const FEW = 2; // words at once in the style that shows few
const WORD_S = 0.45; // how long each lights up where nothing plays
// Shares of the height (top, bottom) and of the width (right) that hold names, buttons and words of the apps.
const COVERED = { tiktok: { name: "TikTok", top: 0.07, bottom: 0.21, right: 0.11 }, reels: { name: "Reels", top: 0.1, bottom: 0.2, right: 0.1 }, shorts: { name: "Shorts", top: 0.08, bottom: 0.2, right: 0.11 } };
const TALL = 1.6; // height by width, from which apps show a video full screen

export function startCaptionPreview(store, stage) {
  return new CaptionPreview(store, stage);
}

class CaptionPreview {
  constructor(store, stage) {
    Object.assign(this, { store, stage, over: null });
    this.areas = find("#safe-areas");
    this.areas.addEventListener("change", () => this.show());
    stage.addEventListener("view", () => this.show());
    store.addEventListener("brand", () => this.show());
    stage.addEventListener("fitted", () => this.shape());
    store.addEventListener("change", ({ detail }) => ["brand", "brand_captions", "captions", "caption_shown", "caption_cues", "script", "voice_source", "moved_by", "transcript", "lines"].some((name) => detail.includes(name)) && this.show());
    store.addEventListener("change", ({ detail }) => ["logo_corner", "logo_size", "label_corner"].some((name) => detail.includes(name)) && this.keepClear());
    this.show();
  }

  /** The box of the picture or the video on the stage. */
  get frame() { return find("#stage-canvas .stage-picture, #stage-canvas .player-frame"); }

  show() {
    clearInterval(this.timer);
    this.over?.remove();
    this.over = null;
    const { frame } = this;
    const words = this.stage.view === "portrait" ? this.sample() : null;
    if (!frame || (!words && !this.areas.value)) return;
    this.over = make("div", { class: "stage-over", "aria-hidden": "true" });
    frame.append(this.over);
    this.shape();
    if (this.areas.value) this.over.append(...this.covered());
    if (words) this.caption(words);
  }

  shape() {
    if (!this.over) return;
    this.keepClear();
    const { clientWidth: width, clientHeight: height } = this.over;
    const ratio = width ? height / width : 1;
    const shape = ratio > TALL ? "tall" : ratio > 1.1 ? "upright" : "wide";
    if (this.over.dataset.shape === shape) return;
    this.over.dataset.shape = shape;
    if (this.areas.value) {
      this.over.querySelectorAll(".covered, .stage-over-note").forEach((one) => one.remove());
      this.over.append(...this.covered());
    }
  }

  /** Captions stand above the label and the logo, as in the video. */
  keepClear() {
    const { clientWidth: width, clientHeight: height } = this.over ?? {};
    if (!width || !height) return;
    const { project, brand } = this.store;
    const logo = project.brand && brand?.logo ? { corner: project.logo_corner, size: project.logo_size } : null;
    this.over.style.setProperty("--taken", `${takenBelow(width, height, project.label_corner, logo) * 100}%`);
  }

  covered() {
    if (this.over.dataset.shape !== "tall") return [make("p", { class: "stage-over-note" }, "Apps cover parts of upright videos only: choose 9:16 to see them.")];
    const { name, top, bottom, right } = COVERED[this.areas.value];
    const part = (side, style, ...words) => {
      const element = make("div", { class: `covered covered-${side}` }, ...words);
      Object.assign(element.style, style);
      return element;
    };
    return [
      part("top", { height: `${top * 100}%` }),
      part("bottom", { height: `${bottom * 100}%` }, make("span", {}, name)),
      part("right", { width: `${right * 100}%`, top: "45%", bottom: `${bottom * 100}%` }),
    ];
  }

  /** Words to show the style with: the first caption's, or the script's first ones; null without captions. */
  sample() {
    const { project, captionCues: cues } = this.store;
    if (project.captions === "none" || ![null, "voice"].includes(project.moved_by)) return null;
    if (project.voice_source === "lines") {
      const line = project.lines.find(({ script, voice }) => script.trim() && !voice);
      return line ? wordsIn(line.script).slice(0, 7) : null;
    }
    const said = wordsIn((project.voice_source === "script" ? project.script : project.transcript).slice(0, 300));
    const first = cues?.length ? wordsIn(textOf(cues[0])) : null;
    // captions are found a while after words were changed: until then the first words themselves are shown
    if (first && (project.caption_cues.length || !said.length || first.every((word, at) => said[at] === word))) return first;
    return said.length ? said.slice(0, 7) : null;
  }

  caption(words) {
    const style = this.store.project.captions;
    const line = make("span", { dir: "auto" });
    const block = make("div", { class: "caption-preview", "data-style": style, dir: "auto" }, line);
    dressCaption(block, captionBrand(this.store));
    this.over.append(block);
    const isLit = ["karaoke", "pop"].includes(style);
    let now = 0;
    const draw = () => {
      const first = style === "pop" ? Math.floor(now / FEW) * FEW : 0;
      const shown = style === "pop" ? words.slice(first, first + FEW) : words;
      const parts = shown.flatMap((word, n) => [n ? " " : "", first + n === now && isLit ? make("span", { class: "caption-now" }, word) : word]);
      line.replaceChildren(...parts);
    };
    draw();
    if (!isLit || words.length < 2 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    this.timer = setInterval(() => {
      now = (now + 1) % words.length;
      draw();
    }, WORD_S * 1000);
  }
}
