// The page of one film: puts the parts together.
import { find } from "../ui.js";
import { startBrand } from "../studio/brand.js";
import { wireRadios } from "../studio/controls.js";
import { startExporting } from "../studio/export.js";
import { wireDeleting, wireTitle } from "../studio/heading.js";
import { startLogoPreview } from "../studio/logo_preview.js";
import { startMusic } from "../studio/music.js";
import { startRender } from "../studio/render.js";
import { startSaving } from "../studio/saving.js";
import { startShortcuts } from "../studio/shortcuts.js";
import { startStage } from "../studio/stage.js";
import { Store } from "../studio/store.js";
import { startInspector } from "./inspector.js";
import { sceneView } from "./scene_view.js";
import { startStrip } from "./strip.js";

const state = JSON.parse(find("#studio-state").textContent);
const store = new Store(state);
store.sources = new Map(state.sources.map((source) => [source.id, source]));
store.chosen = store.project.scenes[0]?.id ?? null;
/** What a scene shows, as far as this page knows it. */
store.sourceOf = (scene) => store.sources.get(scene?.project ?? scene?.asset) ?? null;
/** Scenes as the server tells them lack what only this page needs. */
const completed = () => {
  for (const scene of store.project.scenes) {
    const source = store.sourceOf(scene);
    if (!source) continue;
    scene.file = source.file ?? null;
    scene.length_s = source.length_s || scene.length_s;
    scene.title = source.title;
  }
};
completed();
store.addEventListener("change", ({ detail }) => detail.includes("scenes") && completed());

startSaving(store);
startShortcuts(store);
wireTitle(store);
wireDeleting(store, { what: "film", stays: "Its scenes’ own videos stay. " });
const stage = startStage(store);
stage.portraitShown = () => sceneView(store, () => stage.fit()); // a film has scenes to look at, and no portrait
stage.show(stage.view);
store.choose = (id, { look = true } = {}) => {
  store.chosen = id;
  store.dispatchEvent(new Event("chosen"));
  if (look) stage.show("portrait");
};
startStrip(store, stage);
startInspector(store, stage);
wireRadios(store, "shape");
wireRadios(store, "label_corner");
startMusic(store);
startBrand(store);
startLogoPreview(store, stage);
startRender(store, stage);
startExporting(store);
document.documentElement.dataset.ready = "true";
