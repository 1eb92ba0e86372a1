// Taking "To the trash" back: what went there is remembered until the library is shown, which offers it once.
import { request } from "./api.js";
import { find, make, toast } from "./ui.js";

const KEY = "trashed";

export function rememberTrashed(projects) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ projects, at: Date.now() }));
  } catch {
    // Without storage the trash itself is the way back.
  }
}

function takeTrashed() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
    return kept && Date.now() - kept.at < 60_000 ? kept.projects : [];
  } catch {
    return [];
  }
}

async function undo(projects) {
  try {
    for (const project of projects) await request("POST", `/projects/${project}/restore`);
    location.reload();
  } catch (problem) {
    toast(`${problem.sentence} ${problem.nextStep}`);
  }
}

/** Puts "Undo" into the toast that came with the page, or into one of its own. */
export function offerUndo() {
  const projects = takeTrashed();
  if (!projects.length) return;
  const told = find("[data-toast]");
  if (!told) {
    toast(projects.length === 1 ? "The video is in the trash." : `${projects.length} videos are in the trash.`, { action: "Undo", onAction: () => undo(projects), lasts_ms: 10_000 });
    return;
  }
  const button = make("button", { class: "button button-small", type: "button", onclick: () => { button.disabled = true; undo(projects); } }, "Undo");
  told.insertBefore(button, find("[data-toast-close]", told));
}
