// The studio page of one project: puts the parts together.
import { request } from "../api.js";
import { confirmDialog, find, toast } from "../ui.js";
import { startCaptions } from "./burned.js";
import { startClip } from "./clip.js";
import { startExporting } from "./export.js";
import { startFit } from "./fit.js";
import { startLines } from "./lines.js";
import { startLook } from "./look.js";
import { startMovement } from "./movement.js";
import { startPortrait } from "./portrait.js";
import { startRender } from "./render.js";
import { isDub } from "./source.js";
import { startStage } from "./stage.js";
import { startSaving } from "./saving.js";
import { startShortcuts } from "./shortcuts.js";
import { Store } from "./store.js";
import { startTimeline } from "./timeline.js";
import { dubTakes, photoTakes, startDropping } from "./dropping.js";
import { startVoice } from "./voice.js";

function bringBackDraft(store) {
  const draft = store.takeDraft();
  if (!draft) return;
  store.set(draft);
  toast("What you typed before signing in is back.");
}

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
    const sure = await confirmDialog({
      title: "Delete this video?",
      text: "The project, everything rendered from it and the files that no other video uses are deleted for good.",
      action: "Delete for good",
    });
    if (!sure) return;
    try {
      await request("DELETE", `/projects/${store.project.id}`);
      location.href = find("#studio").dataset.library;
    } catch (problem) {
      toast(`${problem.sentence} ${problem.nextStep}`);
    }
  });
}

const store = new Store(JSON.parse(find("#studio-state").textContent));
startSaving(store);
startShortcuts(store);
wireTitle(store);
wireDeleting(store);
const stage = startStage(store);
const source = isDub(store.project) ? startClip(store, stage) : startPortrait(store, stage);
const voice = startVoice(store);
if (isDub(store.project)) {
  startFit(store);
} else {
  startLines(store, stage);
  startLook(store);
  startMovement(store);
  startTimeline(store);
}
startCaptions(store);
startRender(store, stage);
startExporting(store);
startDropping(isDub(store.project) ? dubTakes(source, voice) : photoTakes(source, voice));
bringBackDraft(store);
document.documentElement.dataset.ready = "true";
