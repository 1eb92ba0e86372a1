// The strip of scenes: their order, what is between them, how long they are. Moved with the mouse, a finger, or keys.
import { announce, clockTime, find, icon, make } from "../ui.js";
import { FADE_S, SCENES_MAX, filmSeconds, moved, shownSeconds } from "../studio/scenes.js";
import { openPicker } from "./picker.js";

const DRAG_PX = 6; // how far a press goes before it moves the scene

export function startStrip(store, stage) {
  const list = find("#scenes");
  const total = find("#film-length");
  const add = find("#add-scene");

  const move = (from, to) => {
    const { scenes } = store.project;
    const at = Math.min(Math.max(0, to), scenes.length - 1);
    if (at === from) return;
    store.set({ scenes: moved(scenes, from, at) });
    announce(`Scene ${from + 1} is scene ${at + 1} now.`);
    find(`[data-scene-tile="${scenes[from].id}"]`, list)?.focus();
  };
  store.moveScene = (id, by) => {
    const at = store.project.scenes.findIndex((scene) => scene.id === id);
    if (at >= 0) move(at, at + by);
  };
  store.dropScene = (id) => {
    const { scenes } = store.project;
    const at = scenes.findIndex((scene) => scene.id === id);
    const left = scenes.filter((scene) => scene.id !== id);
    store.set({ scenes: left });
    store.choose((left[at] ?? left[at - 1])?.id ?? null);
    announce(`Scene ${at + 1} is taken out.`);
    (find("[aria-current=true]", list) ?? add).focus();
  };

  const joinOf = (scene, at) => {
    const isFade = scene.fade_s > 0;
    const words = isFade ? `crossfade, ${scene.fade_s} seconds` : "cut";
    return make("button", {
      class: "join", type: "button", "data-fade": String(isFade), title: isFade ? "Crossfade" : "Cut",
      "aria-label": `Between scene ${at} and ${at + 1}: ${words}. Change`,
      onclick: () => {
        store.set({ scenes: store.project.scenes.map((one) => (one.id === scene.id ? { ...one, fade_s: isFade ? 0 : FADE_S } : one)) });
        find(`[data-join="${scene.id}"]`, list)?.focus();
        announce(isFade ? "Cut." : "Crossfade.");
      },
      "data-join": scene.id,
    }, make("i", { "aria-hidden": "true" }));
  };

  const tileOf = (scene, at) => {
    const source = store.sourceOf(scene);
    const isLost = scene.state !== "ready" || !source;
    const picture = source?.picture_url ? make("img", { src: source.picture_url, alt: "", draggable: false, loading: "lazy" }) : icon(isLost ? "warning" : "film");
    const length = shownSeconds(scene);
    const lost = { gone: "deleted", trashed: "in the trash" }[scene.state];
    const words = lost ?? (length ? clockTime(length) : "…");
    const tile = make("button", {
      class: `scene ${isLost ? "scene-lost" : ""}`, type: "button", "data-scene-tile": scene.id,
      "aria-current": store.chosen === scene.id ? "true" : null,
      "aria-label": `Scene ${at + 1}: ${scene.title || "untitled"}, ${words}`,
      "aria-keyshortcuts": "Alt+ArrowLeft Alt+ArrowRight Delete",
      onclick: () => store.choose(scene.id),
    }, picture, make("span", { class: "scene-number tabular", "aria-hidden": "true" }, String(at + 1)), make("span", { class: "scene-length tabular", "aria-hidden": "true" }, words));
    tile.addEventListener("keydown", (event) => {
      if (event.altKey && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
        event.preventDefault();
        event.stopPropagation();
        move(store.project.scenes.findIndex(({ id }) => id === scene.id), store.project.scenes.findIndex(({ id }) => id === scene.id) + (event.key === "ArrowLeft" ? -1 : 1));
      }
      if (event.key === "Delete") store.dropScene(scene.id);
    });
    wireDragging(tile, scene);
    return make("li", { class: "scene-item" }, at ? joinOf(scene, at) : "", tile);
  };

  /** A press that goes sideways carries the scene along; it lands where its middle is. */
  const wireDragging = (tile, scene) => {
    let from = null;
    let isDragged = false;
    const stop = () => {
      from = null;
      tile.classList.remove("is-dragged");
      tile.style.transform = "";
    };
    tile.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      from = event.clientX;
      isDragged = false;
    });
    tile.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const by = event.clientX - from;
      if (!isDragged && Math.abs(by) < DRAG_PX) return;
      if (!isDragged) tile.setPointerCapture(event.pointerId);
      isDragged = true;
      tile.classList.add("is-dragged");
      tile.style.transform = `translateX(${by}px)`;
    });
    tile.addEventListener("pointerup", () => {
      if (!isDragged) {
        stop();
        return;
      }
      const box = tile.getBoundingClientRect();
      const middle = box.left + box.width / 2;
      const others = [...list.querySelectorAll("[data-scene-tile]")].filter((other) => other !== tile);
      const to = others.filter((other) => { const its = other.getBoundingClientRect(); return its.left + its.width / 2 < middle; }).length;
      stop();
      move(store.project.scenes.findIndex(({ id }) => id === scene.id), to);
    });
    tile.addEventListener("pointercancel", stop);
    tile.addEventListener("click", (event) => {
      if (!isDragged) return;
      isDragged = false;
      event.stopImmediatePropagation(); // it was carried, not pressed
    }, { capture: true });
  };

  const draw = () => {
    const { scenes } = store.project;
    const focused = document.activeElement?.dataset?.sceneTile;
    list.replaceChildren(...scenes.map(tileOf));
    const isFull = scenes.length >= SCENES_MAX;
    add.disabled = isFull;
    total.textContent = scenes.length ? `${scenes.length} scene${scenes.length === 1 ? "" : "s"} · ${clockTime(filmSeconds(store.project))}${isFull ? " · no more fit" : ""}` : "";
    if (focused) find(`[data-scene-tile="${focused}"]`, list)?.focus();
  };
  const mark = () => {
    for (const tile of list.querySelectorAll("[data-scene-tile]")) {
      if (tile.dataset.sceneTile === store.chosen && stage.view === "portrait") tile.setAttribute("aria-current", "true");
      else tile.removeAttribute("aria-current");
    }
  };
  add.addEventListener("click", () => openPicker(store));
  store.addEventListener("change", ({ detail }) => {
    if (!detail.includes("scenes")) return;
    if (!store.project.scenes.some(({ id }) => id === store.chosen)) store.choose(store.project.scenes[0]?.id ?? null);
    draw();
    mark();
  });
  store.addEventListener("chosen", mark);
  stage.addEventListener("view", mark);
  draw();
  mark();
}
