// The stage: the portrait as it will be framed, the render while it grows, the finished video; and the strip below.
import { find, icon, make } from "../ui.js";
import { clipStage } from "./clip_stage.js";
import { pictureUrl, portraitFindings } from "./findings.js";
import { isDub, sourceOf, sourceWord } from "./source.js";
import { windowFor } from "./framing.js";
import { startFilmstrip } from "./filmstrip.js";
import { renderingView } from "./rendering.js";
import { videoActions, videoView } from "./result.js";

const TALL = 1.6; // height by width, from which the label keeps clear of what apps cover, as the renderer places it

export function startStage(store) {
  const stage = new Stage(store);
  stage.show(stage.firstView());
  return stage;
}

class Stage extends EventTarget {
  constructor(store) {
    super();
    this.store = store;
    this.root = find("#stage");
    this.canvas = find("#stage-canvas");
    this.bar = find("#stage-bar");
    this.view = null;
    this.shown = null; // {element, ratio, frame?, below_px?, update?, close?}
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    store.addEventListener("change", ({ detail }) => this.onChange(detail));
    store.addEventListener("renders", ({ detail }) => this.onRender(detail));
    startFilmstrip(store, this);
  }

  /** What a visitor sees first: the render that is running, else the latest video, else the portrait. */
  firstView() {
    const running = this.store.renders.find((render) => render.type !== "done");
    if (running) return running.id;
    const latest = this.store.renders[0];
    return latest?.state === "succeeded" && latest.output_url ? latest.id : "portrait";
  }

  /** "portrait", or the id of a render. */
  show(view, { play = false } = {}) {
    const render = view === "portrait" ? null : this.store.render(view);
    const before = this.shown;
    const isSame = this.view === view;
    this.view = render ? view : "portrait";
    this.root.dataset.view = this.view === "portrait" ? "portrait" : "render";
    this.shown = render ? this.renderShown(render, play, isSame ? before : null) : this.portraitShown();
    if (this.shown.element !== before?.element) { // moving a video in the page would stop it
      before?.close?.();
      this.canvas.replaceChildren(this.shown.element);
    }
    this.showBar(render);
    this.fit();
    this.dispatchEvent(new Event("view"));
  }

  /** Something else than the portrait and the renders; whoever shows it looks after it and its bar. */
  showOther(view, shown) {
    const before = this.shown;
    this.view = view;
    this.root.dataset.view = "render";
    this.shown = shown;
    if (shown.element !== before?.element) {
      before?.close?.();
      this.canvas.replaceChildren(shown.element);
    }
    this.fit();
    this.dispatchEvent(new Event("view"));
  }

  renderShown(render, play, before) {
    if (render.type !== "done") return renderingView(this.store, render, { onSized: () => this.fit() });
    if (render.output_url) return videoView(this.store, render, { play, before });
    return this.portraitShown();
  }

  onChange(names) {
    if (this.view !== "portrait") return;
    if (names.some((name) => ["portrait", "clip", "aspect", "face_index", "label_corner"].includes(name))) this.show("portrait");
  }

  onRender(id) {
    if (this.view !== id) return;
    const render = this.store.render(id);
    if (!render) {
      this.show("portrait");
      return;
    }
    if (render.type !== "done" && this.shown.update) {
      this.shown.update(render);
      return;
    }
    this.show(id, { play: render.state === "succeeded" });
  }

  fit() {
    if (!this.shown?.ratio) return;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const frame = this.shown.frame ?? this.shown.element;
    const wide = Math.min(width, (height - (this.shown.below_px ?? 0)) * this.shown.ratio);
    frame.style.width = `${Math.floor(wide)}px`;
    frame.style.height = `${Math.floor(wide / this.shown.ratio)}px`;
    this.shown.fitted?.();
    this.dispatchEvent(new Event("fitted"));
  }

  showBar(render) {
    if (render) {
      this.bar.replaceChildren(...videoActions(this.store, render, this));
      return;
    }
    const { project } = this.store;
    const source = sourceOf(project);
    this.bar.replaceChildren();
    if (!source) return;
    const facts = [source.name, source.width_px ? `${source.width_px} × ${source.height_px} px` : null].filter(Boolean);
    this.bar.append(make("p", { class: "truncate" }, make("span", { class: "stage-bar-title" }, sourceWord(project)), " ", make("span", { class: "stage-bar-facts" }, facts.join(" · "))));
  }

  portraitShown() {
    const { project } = this.store;
    if (!sourceOf(project)) return { element: emptyStage(project) };
    if (isDub(project)) return clipStage(this.store, () => this.fit());
    return portraitStage(this.store, () => this.fit());
  }
}

function emptyStage(project) {
  if (isDub(project)) {
    return make("div", { class: "stage-empty" }, icon("film"), make("h2", {}, "Which clip gets a new voice?"), make("p", {}, "Drop a video here in which somebody speaks. Everything but the mouth stays as it is."));
  }
  const faces = [...document.querySelectorAll("[data-presenter] img")].slice(0, 3);
  return make("div", { class: "stage-empty" },
    faces.length ? make("div", { class: "stage-empty-faces" }, ...faces.map((face) => make("img", { src: face.src, alt: "" }))) : icon("image"),
    make("h2", {}, "Who should speak?"),
    make("p", {}, "Drop a photo here, paste one, or start with one of the presenters."));
}

/** The portrait in the chosen shape, with a box around each face. */
export function portraitStage(store, onSized = () => {}) {
  const { project } = store;
  const { portrait } = project;
  const { faces, speaking } = portraitFindings(project);
  const width = portrait.preflight?.width_px ?? portrait.width_px;
  const height = portrait.preflight?.height_px ?? portrait.height_px;
  const figure = make("figure", { class: "stage-picture" });
  const shown = windowFor(speaking ? project.aspect : "source", width, height, speaking?.box);
  const place = (element, x, y, wide, high) => {
    element.style.left = `${((x - shown.x) / shown.width) * 100}%`;
    element.style.top = `${((y - shown.y) / shown.height) * 100}%`;
    element.style.width = `${(wide / shown.width) * 100}%`;
    element.style.height = `${(high / shown.height) * 100}%`;
    return element;
  };

  const address = pictureUrl(portrait);
  if (!address) {
    const words = portrait.state === "checking" ? "Opening this photo…" : "This kind of photo cannot be shown here.";
    figure.append(make("div", { class: "stage-unviewable" }, icon("image"), make("p", {}, words)));
    if (portrait.state === "checking") figure.append(make("div", { class: "scan", "aria-hidden": "true" }));
    return { element: figure, ratio: 4 / 5 };
  }
  const extends_ = width && (shown.x < -1 || shown.y < -1 || shown.x + shown.width > width + 1 || shown.y + shown.height > height + 1);
  if (extends_) figure.append(make("img", { class: "stage-surroundings", src: address, alt: "" }));
  const picture = make("img", { class: "stage-portrait", src: address, alt: `Portrait: ${portrait.name}` });
  figure.append(width ? place(picture, 0, 0, width, height) : picture);
  if (portrait.state === "checking") figure.append(make("div", { class: "scan", "aria-hidden": "true" }));
  if (portrait.state === "ready" && (faces.length > 1 || faces.some((face) => !face.usable))) {
    for (const face of faces) figure.append(place(faceBox(store, face, faces), face.box[0], face.box[1], face.box[2] - face.box[0], face.box[3] - face.box[1]));
  }
  if (portrait.state === "ready" && faces.length) {
    const tall = shown.height / shown.width > TALL ? "label-tall" : "";
    figure.append(make("span", { class: `label-preview label-${project.label_corner} ${tall}`, "aria-hidden": "true" }, "AI-generated"));
  }
  const result = { element: figure, ratio: width ? shown.width / shown.height : 1 };
  if (!width) { // still being looked at: the browser knows the size as soon as it has the picture
    picture.classList.add("stage-fill");
    picture.addEventListener("load", () => {
      result.ratio = picture.naturalWidth / picture.naturalHeight;
      onSized();
    });
  }
  return result;
}

function faceBox(store, face, faces) {
  const chosen = face.index === portraitFindings(store.project).speaking?.index;
  return make("button", {
    class: `face-box ${face.box[1] < 60 ? "face-near-top" : ""}`,
    type: "button",
    "aria-pressed": String(chosen),
    "aria-disabled": face.usable ? null : "true",
    "aria-label": `${face.name}${face.usable ? "" : " – cannot be used"}${faces.length > 1 ? ": let this face speak" : ""}`,
    onclick: () => store.set({ face_index: face.index }),
  }, make("span", { class: "face-tag" }, chosen ? "Speaks" : face.name));
}

