// One's own presenters on the page for new videos: renamed and removed; choosing one starts a video.
import { request } from "./api.js";
import { askFor } from "./asking.js";
import { confirmDialog, find, findAll, toast } from "./ui.js";

const place = find("#own-presenters");
const nameOf = (card) => find("[data-name]", card).textContent;
const close = (card) => { find("[data-menu-list]", card).hidden = true; };

async function attempt(work) {
  try {
    await work();
  } catch (problem) {
    toast(`${problem.sentence} ${problem.nextStep}`);
  }
}

async function rename(card) {
  close(card);
  const name = await askFor({ title: "Rename this presenter", label: "Name", value: nameOf(card), maxLength: 60, action: "Rename", isNeeded: true });
  if (!name) return;
  await attempt(async () => {
    const saved = await request("PATCH", `/presenters/${card.dataset.presenter}`, { name });
    find("[data-name]", card).textContent = saved.name;
    find(".empty-presenter", card).setAttribute("aria-label", `Start with ${saved.name}`);
    find("[data-menu-button]", card).setAttribute("aria-label", `More for ${saved.name}`);
    find("[data-menu-button]", card).focus();
    toast("Renamed.");
  });
}

async function remove(card) {
  close(card);
  const sure = await confirmDialog({ title: `Remove ${nameOf(card)}?`, text: "Videos they speak in stay as they are.", action: "Remove" });
  if (!sure) return;
  await attempt(async () => {
    await request("DELETE", `/presenters/${card.dataset.presenter}`);
    const next = card.nextElementSibling ?? card.previousElementSibling;
    card.remove();
    if (next) find("[data-menu-button]", next).focus();
    else location.reload(); // without any, the heading goes too
    toast("Removed.");
  });
}

for (const card of place ? findAll("[data-presenter]", place) : []) {
  find("[data-rename]", card).addEventListener("click", () => rename(card));
  find("[data-delete]", card).addEventListener("click", () => remove(card));
}
