// The studio page of one project: puts the parts together.
import { request } from "../api.js";
import { confirmDialog, find, toast } from "../ui.js";
import { rememberTrashed } from "../undo_trash.js";
import { startBrand } from "./brand.js";
import { startCaptions } from "./burned.js";
import { startCaptionEditor } from "./caption_editor.js";
import { startCaptionPreview } from "./caption_preview.js";
import { startClip } from "./clip.js";
import { startExporting } from "./export.js";
import { startFit } from "./fit.js";
import { startLines } from "./lines.js";
import { startLook } from "./look.js";
import { startMovement } from "./movement.js";
import { startMusic } from "./music.js";
import { startPronouncing } from "./pronouncing.js";
import { startPortrait } from "./portrait.js";
import { startPreviews } from "./previews.js";
import { startPresenters } from "./presenters.js";
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
      title: "Move this video to the trash?",
      text: "What is being made of it stops, and links to it show nothing. You can restore it for 30 days; then it is deleted for good.",
      action: "To the trash",
    });
    if (!sure) return;
    try {
      await store.flush();
      await request("POST", `/projects/${store.project.id}/trash`);
      rememberTrashed([store.project.id]);
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
startPresenters(store, stage);
const voice = startVoice(store);
startPronouncing(store);
startMusic(store);
startBrand(store);
if (isDub(store.project)) {
  startFit(store);
  startLines(store, stage);
  startPreviews(store, stage);
} else {
  startLook(store);
  startMovement(store);
  startTimeline(store);
}
startCaptions(store);
startCaptionPreview(store, stage);
startCaptionEditor(store);
startRender(store, stage);
startExporting(store);
startDropping(isDub(store.project) ? dubTakes(source, voice) : photoTakes(source, voice));
bringBackDraft(store);
document.documentElement.dataset.ready = "true";
