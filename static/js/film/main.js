// The page of one film: puts the parts together.
import { request } from "../api.js";
import { confirmDialog, find, toast } from "../ui.js";
import { startBrand } from "../studio/brand.js";
import { wireRadios } from "../studio/controls.js";
import { startExporting } from "../studio/export.js";
import { startMusic } from "../studio/music.js";
import { startRender } from "../studio/render.js";
import { startSaving } from "../studio/saving.js";
import { startShortcuts } from "../studio/shortcuts.js";
import { startStage } from "../studio/stage.js";
import { Store } from "../studio/store.js";
import { startInspector } from "./inspector.js";
import { sceneView } from "./scene_view.js";
import { startStrip } from "./strip.js";

function wireTitle(store) {
  const title = find("#title");
  title.addEventListener("input", () => store.set({ title: title.value }));
  store.addEventListener("change", ({ detail }) => {
    if (detail.includes("title") && title.value !== store.project.title) title.value = store.project.title;
  });
  title.addEventListener("keydown", (event) => event.key === "Enter" && title.blur());
}

function wireDeleting(store) {
  find("#delete-project").addEventListener("click", async () => {
    const text = "What is being made of it stops, and links to it show nothing. Its scenes' own videos stay. You can restore it for 30 days; then it is deleted for good.";
    if (!await confirmDialog({ title: "Move this film to the trash?", text, action: "To the trash" })) return;
    try {
      await store.flush();
      await request("POST", `/projects/${store.project.id}/trash`);
      location.href = find("#studio").dataset.library;
    } catch (problem) {
      toast(`${problem.sentence} ${problem.nextStep}`);
    }
  });
}

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
wireDeleting(store);
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
startRender(store, stage);
startExporting(store);
document.documentElement.dataset.ready = "true";
