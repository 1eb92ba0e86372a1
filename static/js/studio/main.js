// The studio page of one project: puts the parts together.
import { find, toast } from "../ui.js";
import { startBrand } from "./brand.js";
import { startCaptions } from "./burned.js";
import { startCaptionEditor } from "./caption_editor.js";
import { startCaptionPreview } from "./caption_preview.js";
import { startClip } from "./clip.js";
import { startExporting } from "./export.js";
import { startFit } from "./fit.js";
import { wireDeleting, wireTitle } from "./heading.js";
import { startLines } from "./lines.js";
import { startLogoPreview } from "./logo_preview.js";
import { startLook } from "./look.js";
import { startMoments } from "./moments.js";
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
  startMoments(store, stage);
}
startCaptions(store);
startCaptionPreview(store, stage);
startLogoPreview(store, stage);
startCaptionEditor(store);
startRender(store, stage);
startExporting(store);
startDropping(isDub(store.project) ? dubTakes(source, voice) : photoTakes(source, voice));
bringBackDraft(store);
document.documentElement.dataset.ready = "true";
