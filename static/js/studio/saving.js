// Saying whether everything is saved, taking changes back, and what to do when two tabs disagree.
import { find, icon, make, toast } from "../ui.js";

const WORDS = {
  waiting: "Saving…",
  saving: "Saving…",
  saved: "Saved",
  offline: "Offline – kept here, will save",
  refused: "Not saved",
  signed_out: "Not saved – sign in again",
  conflict: "Changed elsewhere",
};

export function startSaving(store) {
  const state = find("#save-state");
  let isOffered = false;
  store.addEventListener("saving", ({ detail }) => {
    state.dataset.state = detail.state;
    find("#save-words").textContent = WORDS[detail.state];
    state.title = detail.problem ? `${detail.problem.sentence} ${detail.problem.nextStep}` : "";
    if (detail.state === "signed_out" && !isOffered) {
      isOffered = true;
      offerSigningIn();
    }
    if (detail.state === "refused") toast(`${detail.problem.sentence} ${detail.problem.nextStep}`);
  });
  store.addEventListener("conflict", ({ detail }) => askWhichCounts(store, detail));
  store.addEventListener("followed", () => toast("Updated: you changed this video in another tab."));
  wireHistory(store);
}

function offerSigningIn() {
  const signIn = () => { location.href = `/accounts/login/?next=${encodeURIComponent(location.pathname)}`; };
  toast("You are signed out. What you typed is kept; sign in to go on.", { action: "Sign in", onAction: signIn, lasts_ms: 0 });
}

function wireHistory(store) {
  const undo = find("#undo");
  const redo = find("#redo");
  const show = () => {
    undo.disabled = !store.history.canUndo;
    redo.disabled = !store.history.canRedo;
  };
  undo.addEventListener("click", () => store.undo());
  redo.addEventListener("click", () => store.redo());
  store.addEventListener("history", show);
  show();
}

/** Neither version may be lost without being asked. */
function askWhichCounts(store, problem) {
  const said = make("p", { class: "field-error", role: "alert" });
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": "conflict-title", "aria-describedby": "conflict-text" });
  const attempt = async (work) => {
    try {
      await work();
      dialog.close();
      dialog.remove();
    } catch (trouble) {
      if (trouble.code === "project_changed") dialog.remove(); // changed once more: it is asked anew
      else said.textContent = `${trouble.sentence} ${trouble.nextStep}`;
    }
  };
  dialog.append(make("div", { class: "dialog-body" },
    make("h2", { id: "conflict-title" }, "Changed in two places"),
    make("p", { id: "conflict-text", class: "muted" }, "This video was changed in another tab or on another device while you worked on it here. Which version should count?"),
    said,
    make("div", { class: "dialog-actions" },
      make("button", { class: "button button-outline", type: "button", onclick: () => attempt(() => store.takeTheirs()) }, icon("refresh"), "Take the other one"),
      make("button", { class: "button button-ink", type: "button", onclick: () => attempt(() => store.keepMine(problem.detail.version)) }, "Keep what I see here"))));
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
}
