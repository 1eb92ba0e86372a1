// The chosen scene on the stage, in the film's shape: its video between its trims, or its picture.
import { icon, make } from "../ui.js";
import { CONTROLS_PX, playerOf } from "../player.js";
import { isPicture } from "../studio/scenes.js";

const RATIOS = { "9:16": 9 / 16, "4:5": 4 / 5, "1:1": 1, "16:9": 16 / 9 };

export function sceneView(store, onSized) {
  const { scenes, shape } = store.project;
  const scene = scenes.find(({ id }) => id === store.chosen) ?? scenes[0];
  if (!scene) return { element: emptyFilm() };
  const source = store.sourceOf(scene);
  if (!source || scene.state === "gone") return { element: message("trash", "This scene’s video was deleted.", "Take the scene out, or put another one in its place.") };
  if (source.video_url && !isPicture(scene)) return videoOf(store, scene, source, shape);
  const figure = make("figure", { class: "stage-picture scene-still" });
  if (source.picture_url) figure.append(make("img", { class: "scene-blur", src: source.picture_url, alt: "" }), make("img", { class: "scene-picture", src: source.picture_url, alt: `Scene: ${source.title}`, onload: onSized }));
  else figure.append(make("div", { class: "stage-unviewable" }, icon("film"), make("p", {}, "Nothing to show yet.")));
  if (!source.is_file) figure.append(make("div", { class: "scene-note" }, ...notRendered(scene, scenes)));
  return { element: figure, ratio: RATIOS[shape] };
}

/** What is said over a scene that has no video of its own yet: what Render does with it, and what that costs. */
function notRendered(scene, scenes) {
  if (scene.state === "trashed") return [make("p", {}, "This scene’s video lies in the trash.")];
  const all = scenes.length === 1 ? "makes this scene" : `makes all ${scenes.length} scenes and joins them`;
  return [
    make("p", {}, `Not rendered yet: Render ${all}, free of charge.`),
    make("button", { class: "button button-small", type: "button", onclick: () => document.querySelector("#render").click() }, icon("sparkle"), scenes.length === 1 ? "Render it" : "Render all scenes"),
  ];
}

function videoOf(store, scene, source, shape) {
  const video = make("video", { playsInline: true, preload: "metadata", "aria-label": `Scene: ${source.title}` });
  if (source.picture_url) video.poster = source.picture_url;
  video.src = source.video_url;
  const player = playerOf(video);
  player.element.dataset.scene = scene.id;
  player.element.classList.add("scene-video");
  const now = () => store.project.scenes.find(({ id }) => id === scene.id) ?? scene;
  video.addEventListener("loadedmetadata", () => { if (now().start_s) video.currentTime = now().start_s; });
  video.addEventListener("play", () => {
    const { start_s: start, end_s: end } = now();
    if (video.currentTime < start - 0.05 || (end && video.currentTime >= end - 0.05)) video.currentTime = start;
  });
  video.addEventListener("timeupdate", () => {
    const end_s = now().end_s;
    if (end_s && video.currentTime >= end_s) video.pause();
  });
  return { element: player.element, player, frame: player.frame, below_px: CONTROLS_PX, ratio: RATIOS[shape], close: () => video.pause() };
}

function emptyFilm() {
  return message("film", "Which videos make the film?", "Add scenes below: talking photos, dubs, a clip or a picture. Each keeps its own voice and captions.");
}

function message(symbol, title, words) {
  return make("div", { class: "stage-empty" }, icon(symbol), make("h2", {}, title), make("p", {}, words));
}
