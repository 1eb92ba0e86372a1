// The studio page of one project: puts the parts together.
import { request } from "../api.js";
import { confirmDialog, find, toast } from "../ui.js";
import { startLook } from "./look.js";
import { startPortrait } from "./portrait.js";
import { startRender } from "./render.js";
import { startStage } from "./stage.js";
import { Store } from "./store.js";
import { startDropping } from "./dropping.js";
import { startVoice } from "./voice.js";

const SAVE_WORDS = { waiting: "Saving…", saving: "Saving…", saved: "Saved", offline: "Offline – kept here, will save", refused: "Not saved", signed_out: "Not saved – sign in again" };

function showSaving(store) {
  const state = find("#save-state");
  store.addEventListener("saving", ({ detail }) => {
    state.dataset.state = detail.state;
    find("#save-words").textContent = SAVE_WORDS[detail.state];
    state.title = detail.problem ? `${detail.problem.sentence} ${detail.problem.nextStep}` : "";
    if (detail.state === "signed_out") offerSigningIn();
    if (detail.state === "refused") toast(`${detail.problem.sentence} ${detail.problem.nextStep}`);
  });
}

let isOffered = false;

function offerSigningIn() {
  if (isOffered) return;
  isOffered = true;
  const signIn = () => { location.href = `/accounts/login/?next=${encodeURIComponent(location.pathname)}`; };
  toast("You are signed out. What you typed is kept; sign in to go on.", { action: "Sign in", onAction: signIn, lasts_ms: 0 });
}

function bringBackDraft(store) {
  const draft = store.takeDraft();
  if (!draft) return;
  store.set(draft);
  toast("What you typed before signing in is back.");
}

function wireTitle(store) {
  const title = find("#title");
  title.addEventListener("input", () => store.set({ title: title.value }));
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
showSaving(store);
wireTitle(store);
wireDeleting(store);
const stage = startStage(store);
const portrait = startPortrait(store, stage);
const voice = startVoice(store);
startLook(store);
startRender(store, stage);
startDropping({ onPicture: portrait.take, onSound: voice.take });
bringBackDraft(store);
document.documentElement.dataset.ready = "true";
