// The strip under the stage: the portrait, then every render, newest first.
import { clockTime, find, icon, make } from "../ui.js";
import { pictureUrl } from "./findings.js";
import { isDub, sourceOf, sourceWord } from "./source.js";

const CAPTION_WORDS = { clean: "clean captions", karaoke: "karaoke captions", pop: "word pop", boxed: "boxed captions", lower_third: "lower third", minimal: "minimal captions" };

const REDRAWN = ["portrait", "clip", "aspect", "shape", "captions", "script_voice", "voice_source"];

/** What tells a render from the project as it is now: its shape, captions, voice, first words. Variants differ so. */
function differencesOf({ request: order }, project) {
  if (!order) return [];
  const spoken = order.script?.text ?? "";
  return [
    order.aspect && order.aspect !== (project.shape ?? project.aspect) && (order.aspect === "source" ? "own shape" : order.aspect),
    (order.captions ?? "none") !== (project.captions ?? "none") && (CAPTION_WORDS[order.captions] ?? "no captions"),
    order.script && project.voice_source === "script" && order.script.voice !== project.script_voice && "another voice",
    spoken && project.voice_source === "script" && spoken.trim() !== project.script.trim() && `“${spoken.trim().split(/\s+/).slice(0, 4).join(" ")} …”`,
  ].filter(Boolean);
}

export function startFilmstrip(store, stage) {
  const strip = find("#filmstrip");

  const tile = (view, label, words, ...content) => make("li", {}, make("button", {
    class: "film",
    type: "button",
    "data-view": view,
    "aria-label": label,
    "aria-current": stage.view === view ? "true" : null,
    onclick: () => stage.show(view),
  }, ...content, words ? make("span", { class: "film-label tabular", "aria-hidden": "true" }, words) : null));

  const portraitTile = () => {
    const { project } = store;
    const word = sourceWord(project);
    const source = sourceOf(project);
    const address = isDub(project) ? source?.preview_url : pictureUrl(source);
    return tile("portrait", `Show the ${word.toLowerCase()}`, word, address ? make("img", { src: address, alt: "" }) : icon(isDub(project) ? "film" : "image"));
  };

  const renderTile = (render, number) => {
    if (render.type !== "done") {
      const bar = make("progress", { class: "progress", max: 1, value: render.fraction, "aria-hidden": "true" });
      const picture = render.thumbnail_url ? make("img", { src: render.thumbnail_url, alt: "" }) : icon("film");
      return tile(render.id, `Show render ${number}, in the making`, `${Math.floor(render.fraction * 100)} %`, picture, bar);
    }
    if (render.state !== "succeeded" || !render.output_url) {
      const element = tile(render.id, `Show render ${number}, ${render.state}`, render.state === "cancelled" ? "Stopped" : "Failed", icon(render.state === "cancelled" ? "stop" : "warning"));
      if (render.state !== "cancelled") element.firstChild.classList.add("film-failed");
      return element;
    }
    const picture = render.thumbnail_url ? make("img", { src: render.thumbnail_url, alt: "", loading: "lazy" }) : icon("play");
    const length = clockTime(render.duration_s ?? 0);
    const differences = differencesOf(render, store.project);
    const item = tile(render.id, [`Show render ${number}`, length, ...differences].join(", "), length, picture);
    if (differences.length) {
      item.firstChild.title = differences.join(" · ");
      item.firstChild.append(make("span", { class: "film-kind", "aria-hidden": "true" }, differences.join(" · ")));
    }
    return item;
  };

  const draw = () => {
    const focused = document.activeElement?.dataset?.view;
    const total = store.renders.length;
    strip.replaceChildren(portraitTile(), ...store.renders.map((render, at) => renderTile(render, total - at)));
    if (focused) find(`[data-view="${focused}"]`, strip)?.focus();
  };

  /** While a render moves on only its tile changes, so that the strip does not flicker. */
  const move = (id) => {
    const render = store.render(id);
    const button = find(`[data-view="${id}"]`, strip);
    const bar = button && find("progress", button);
    if (!render || render.type === "done" || !bar) {
      draw();
      return;
    }
    bar.value = Math.max(bar.value, render.fraction);
    find(".film-label", button).textContent = `${Math.floor(render.fraction * 100)} %`;
    const picture = find("img", button);
    if (render.thumbnail_url && picture) picture.src = render.thumbnail_url;
    else if (render.thumbnail_url) find(".icon", button)?.replaceWith(make("img", { src: render.thumbnail_url, alt: "" }));
  };

  store.addEventListener("renders", ({ detail }) => move(detail));
  store.addEventListener("change", ({ detail }) => REDRAWN.some((name) => detail.includes(name)) && draw());
  stage.addEventListener("view", () => {
    for (const button of strip.querySelectorAll(".film")) {
      if (button.dataset.view === stage.view) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  });
  draw();
}
