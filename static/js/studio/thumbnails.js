// Thumbnails of a finished video: its best moments, a headline over one, in any shape; stills and moving ones.
import { Problem, request } from "../api.js";
import { watchJob } from "../jobs.js";
import { announce, clockTime, fileSize, find, icon, make, notice } from "../ui.js";
import { COLOURS, drawSketch } from "./thumbnail_sketch.js";

const SKETCH_PX = 640;
const TILE_PX = 132;
const TEXT_MAX_CHARS = 120;
const SHAPES = [["source", "As the video"], ["16:9", "16:9 wide"], ["9:16", "9:16 upright"], ["1:1", "1:1 square"], ["4:5", "4:5 post"]];
const FORMATS = [["jpeg", "JPEG picture"], ["png", "PNG picture"], ["webp", "WebP picture"], ["moving_webp", "Moving, WebP"], ["gif", "Moving, GIF"]];
const WIDTHS = [["240", "Small, 240 px"], ["360", "Medium, 360 px"], ["480", "Large, 480 px"]];
const FORMAT_WORDS = { jpeg: "JPEG", png: "PNG", webp: "WebP", moving_webp: "Moving WebP", gif: "GIF" };
const isMoving = (format) => format === "gif" || format === "moving_webp";

export function thumbnailButton(store, render, { small = false } = {}) {
  const button = make("button", { class: "button button-ghost button-small", type: "button", title: "A picture that invites to press play" },
    icon("image"), make("span", { class: small ? "visually-hidden" : "label-wide" }, "Thumbnail"));
  button.addEventListener("click", () => openThumbnails(store, render));
  return button;
}

/** Resolves when the job is over; `onStep` hears how far it is. Rejects with its failure. */
function finished(job, onStep = () => {}) {
  return new Promise((resolve, reject) => {
    const end = (message) => {
      if (message.state === "succeeded") resolve(message);
      else reject(new Problem(message.failure ?? { code: "internal", sentence: "That did not work.", next_step: "Try again." }));
    };
    if (job.type === "done") end(job);
    else watchJob(job.id, (message) => (message.type === "done" ? end(message) : onStep(message)));
  });
}

const loaded = (url) => new Promise((resolve, reject) => {
  const picture = new Image();
  picture.addEventListener("load", () => resolve(picture));
  picture.addEventListener("error", () => reject(new Problem({ code: "offline", sentence: "The pictures could not be loaded.", next_step: "Check your connection and try again." })));
  picture.src = url;
});

/** What the stage shows at this moment, if it is this video. */
function frameOnStage(render) {
  const video = find(`[data-result="${render.id}"] video`);
  if (!video || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !video.videoWidth) return null;
  const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  const at_s = Math.max(0, Math.min(video.currentTime, (render.duration_s ?? video.duration) - 0.02));
  return { at_s, frame: canvas, part: [0, 0, canvas.width, canvas.height], face: null, words: "The frame on the stage" };
}

async function momentsOf(render, onStep) {
  const job = await finished(await request("POST", `/jobs/${render.id}/moments`), onStep);
  const strip = await loaded(job.output_url);
  const { moments } = job.result;
  const wide = strip.naturalWidth / moments.length;
  return moments.map(({ at_s, face }, at) => ({ at_s, face: face ?? null, frame: strip, part: [at * wide, 0, wide, strip.naturalHeight], words: `The moment at ${clockTime(at_s)}` }));
}

const field = (label, control) => {
  const id = control.id;
  return make("div", { class: "field" }, make("label", { class: "field-label", for: id }, label), control);
};
const select = (id, options) => make("select", { class: "select", id }, ...options.map(([value, words]) => make("option", { value }, words)));

function controls() {
  const text = make("input", { class: "input", id: "thumb-text", type: "text", maxlength: String(TEXT_MAX_CHARS), dir: "auto", autocomplete: "off", placeholder: "Three words that make people stop", "aria-describedby": "thumb-text-hint" });
  const colours = make("div", { class: "swatches", role: "radiogroup", "aria-label": "Colour of the words" }, ...Object.entries(COLOURS).map(([name, [fill]], at) => {
    const radio = make("input", { type: "radio", name: "thumb-colour", value: name, "aria-label": name[0].toUpperCase() + name.slice(1) });
    radio.checked = at === 0;
    const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.backgroundColor = fill;
    return make("label", { class: "swatch-choice" }, radio, swatch);
  }));
  const length = make("input", { class: "range", id: "thumb-length", type: "range", min: "0.6", max: "6", step: "0.2", value: "2.4" });
  const length_words = make("output", { class: "small tabular", for: "thumb-length" }, "2.4 s");
  length.addEventListener("input", () => { length_words.textContent = `${Number(length.value).toFixed(1)} s`; });
  return make("div", { class: "thumbs-controls" },
    make("div", { class: "field" }, make("label", { class: "field-label", for: "thumb-text" }, "Headline"), text,
      make("p", { class: "field-hint", id: "thumb-text-hint" }, "In any script. Emoji are left out; an empty line leaves the picture plain.")),
    make("div", { class: "thumbs-pair" }, field("Letters", select("thumb-font", [["display", "Bold"], ["clean", "Clean"]])), field("Place", select("thumb-position", [["auto", "Beside the face"], ["top", "Top"], ["middle", "Middle"], ["bottom", "Bottom"]]))),
    make("div", { class: "field" }, make("span", { class: "field-label", "aria-hidden": "true" }, "Colour"), colours),
    make("div", { class: "thumbs-pair" }, field("Shape", select("thumb-shape", SHAPES)), field("File", select("thumb-format", FORMATS))),
    make("div", { class: "thumbs-pair", id: "thumb-moving", hidden: true },
      make("div", { class: "field" }, make("div", { class: "row thumbs-length" }, make("label", { class: "field-label", for: "thumb-length" }, "Length"), length_words), length),
      field("Size", select("thumb-width", WIDTHS))));
}

function wishOf(dialog, moment) {
  const value = (id) => find(`#thumb-${id}`, dialog).value;
  const wish = { at_s: Math.round(moment.at_s * 1000) / 1000, text: value("text"), font: value("font"), colour: find("[name=thumb-colour]:checked", dialog).value, position: value("position"), shape: value("shape"), format: value("format") };
  return isMoving(wish.format) ? { ...wish, length_s: Number(value("length")), width_px: Number(value("width")) } : wish;
}

async function openThumbnails(store, render) {
  const onStage = frameOnStage(render);
  const sketch = make("canvas", { class: "thumbs-sketch", role: "img", "aria-label": "What the thumbnail will look like" });
  const tiles = make("div", { class: "thumbs-moments", role: "radiogroup", "aria-label": "The moment that is shown" });
  const said = make("div", { class: "thumbs-said", "aria-live": "polite" });
  const bar = make("progress", { class: "progress progress-thin", max: 1, hidden: true, "aria-label": "Making the thumbnail" });
  const made = make("ul", { class: "thumbs-made", "aria-label": "Thumbnails of this project" });
  const order = make("button", { class: "button button-primary", type: "button", disabled: true }, icon("image"), "Make thumbnail");
  const close = make("button", { class: "button button-ghost button-icon", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"));
  const free = render.kind === "export" ? "" : "It carries the marks of this free render. Once this video is exported clean, its thumbnails are clean too, free of charge.";
  const dialog = make("dialog", { class: "dialog thumbs-dialog", "aria-labelledby": "thumbs-title" },
    make("div", { class: "dialog-body" },
      make("div", { class: "thumbs-head" }, make("h2", { id: "thumbs-title" }, "Thumbnail"), close),
      make("div", { class: "thumbs-work" },
        make("div", { class: "thumbs-look" }, make("div", { class: "thumbs-frame" }, sketch), tiles),
        make("div", { class: "thumbs-side" }, controls(), make("div", { class: "thumbs-order" }, order, bar, said), free && make("p", { class: "field-hint" }, free))),
      made));

  find("#thumb-width", dialog).value = "360";
  let moments = onStage ? [onStage] : [];
  let chosen = 0;
  const draw = () => {
    if (!moments[chosen]) return;
    const wish = wishOf(dialog, moments[chosen]);
    drawSketch(sketch, moments[chosen], { ...wish, clear: (render.request?.label_corner ?? "").startsWith("bottom") }, SKETCH_PX);
    find("#thumb-moving", dialog).hidden = !isMoving(wish.format);
  };
  const tell = (problem) => said.replaceChildren(notice("bad", problem.sentence ?? "That did not work.", problem.nextStep ?? ""));
  const drawTiles = () => {
    tiles.replaceChildren(...moments.map((moment, at) => {
      const radio = make("input", { type: "radio", name: "thumb-moment", value: String(at), "aria-label": moment.words });
      radio.checked = at === chosen;
      radio.addEventListener("change", () => { chosen = at; draw(); });
      const picture = make("canvas", { "aria-hidden": "true" });
      drawSketch(picture, moment, { shape: "source", text: "" }, TILE_PX);
      return make("label", { class: "thumbs-moment" }, radio, picture, make("span", { class: "tabular", "aria-hidden": "true" }, moment === onStage ? "On stage" : clockTime(moment.at_s)));
    }));
    order.disabled = moments.length === 0;
    draw();
  };
  const listMade = async () => {
    const all = await request("GET", `/projects/${store.project.id}/thumbnails`).catch(() => []);
    made.replaceChildren(...all.filter((one) => one.output_url).map((one) => madeItem(one, { again: listMade, tell })));
  };
  order.addEventListener("click", async () => {
    if (order.getAttribute("aria-busy") === "true") return;
    order.setAttribute("aria-busy", "true");
    said.replaceChildren();
    bar.hidden = false;
    bar.removeAttribute("value");
    try {
      const job = await request("POST", `/jobs/${render.id}/thumbnail`, wishOf(dialog, moments[chosen]));
      await finished(job, ({ fraction }) => { bar.value = Math.max(bar.hasAttribute("value") ? bar.value : 0, fraction); });
      await listMade();
      announce("The thumbnail is ready.");
      find(".thumbs-item", made)?.scrollIntoView({ block: "nearest" });
    } catch (problem) {
      tell(problem);
    } finally {
      bar.hidden = true;
      order.removeAttribute("aria-busy");
    }
  });
  dialog.addEventListener("input", draw);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  if (!matchMedia("(pointer: coarse)").matches) find("#thumb-text", dialog).focus(); // a keyboard would hide the picture
  document.fonts.load("700 20px \"Lipsmith Display\"").then(draw, () => {});
  drawTiles();
  listMade();
  const looking = make("p", { class: "field-hint thumbs-looking" }, make("span", { class: "spinner", "aria-hidden": "true" }), " Looking for the best moments …");
  tiles.after(looking);
  try {
    const found = await momentsOf(render, ({ fraction }) => { looking.lastChild.textContent = ` Looking for the best moments … ${Math.floor(fraction * 100)} %`; });
    const isUntouched = chosen === 0 && !find("#thumb-text", dialog).value;
    moments = [...found, ...(onStage ? [onStage] : [])];
    chosen = isUntouched ? 0 : moments.length - 1;
    drawTiles();
    announce(`${found.length} moments are proposed.`);
  } catch (problem) {
    tell(problem);
  } finally {
    looking.remove();
  }
}

function madeItem(one, { again, tell }) {
  const facts = [`${one.width_px} × ${one.height_px}`, FORMAT_WORDS[one.request.format], fileSize(one.size_bytes ?? 0)].join(" · ");
  const attempt = async (work) => {
    try {
      await work();
      await again();
    } catch (problem) {
      tell(problem);
    }
  };
  const choose = !isMoving(one.request.format) && !one.chosen && make("button", { class: "button button-ghost button-small", type: "button", onclick: () => attempt(() => request("POST", `/jobs/${one.id}/choose`)) }, icon("star"), "Use in library");
  return make("li", { class: "thumbs-item" },
    make("img", { src: one.output_url, alt: one.request.text || "Thumbnail without words", loading: "lazy", width: one.width_px, height: one.height_px }),
    make("div", { class: "thumbs-item-words" }, make("span", { class: "small tabular" }, facts), one.chosen && make("span", { class: "badge badge-accent" }, "In the library")),
    make("div", { class: "thumbs-item-buttons" }, choose,
      make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": `Delete the thumbnail ${facts}`, onclick: () => attempt(() => request("DELETE", `/jobs/${one.id}`)) }, icon("trash")),
      make("a", { class: "button button-ink button-small", href: one.download_url, download: "", "aria-label": `Download the thumbnail ${facts}` }, icon("download"), "Download")));
}
