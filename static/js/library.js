// The library: videos play when pointed at, renders in the making move on, cards can be deleted.
import { request } from "./api.js";
import { wireMenu } from "./app.js";
import { watchJob } from "./jobs.js";
import { announce, confirmDialog, find, findAll, toast } from "./ui.js";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

function playOnPointing(card) {
  const video = find("video", card);
  if (!video) return;
  const link = find(".project-card-link", card);
  const play = () => {
    if (STILL.matches) return;
    if (!video.src) video.src = video.dataset.src;
    video.play().then(() => video.classList.add("is-playing")).catch(() => {});
  };
  const stop = () => {
    video.pause();
    video.classList.remove("is-playing");
  };
  link.addEventListener("pointerenter", play);
  link.addEventListener("pointerleave", stop);
  link.addEventListener("focus", play);
  link.addEventListener("blur", stop);
}

function follow(card) {
  const badge = find("[data-state]", card);
  const bar = find("progress", card);
  watchJob(card.dataset.job, (message) => {
    if (message.type === "progress") {
      bar.value = Math.max(bar.value, message.fraction);
      if (message.stage !== "queued") badge.textContent = "Rendering";
      return;
    }
    bar.remove();
    const done = message.state === "succeeded";
    badge.className = `badge ${done ? "badge-good" : message.state === "failed" ? "badge-bad" : ""}`;
    badge.textContent = done ? "Ready" : message.state === "failed" ? "Failed" : "Stopped";
    const picture = find(".project-card-picture img", card);
    if (done && picture && message.thumbnail_url) picture.src = message.thumbnail_url;
    if (done) announce(`${find(".project-card-title", card).textContent} is ready.`);
  });
}

async function remove(card) {
  const title = find(".project-card-title", card).textContent;
  const sure = await confirmDialog({ title: `Delete “${title}”?`, text: "The project and everything rendered from it are deleted for good.", action: "Delete for good" });
  if (!sure) return;
  try {
    await request("DELETE", `/projects/${card.dataset.project}`);
    const next = card.nextElementSibling ?? card.previousElementSibling;
    card.remove();
    toast("Deleted.");
    if (next) find(".project-card-link", next).focus();
    else location.reload();
  } catch (problem) {
    toast(`${problem.sentence} ${problem.nextStep}`);
  }
}

/** A card's menu is made when it is first asked for: most never are. */
function openMenu(card) {
  const menu = find(".project-card-menu", card);
  const button = find("[data-menu-button]", menu);
  const list = find("#card-menu").content.cloneNode(true).firstElementChild;
  const address = find(".project-card-link", card).getAttribute("href");
  list.id = `menu-${card.dataset.project}`;
  button.setAttribute("aria-controls", list.id);
  find("[data-open]", list).href = address;
  find("[data-duplicate]", list).action = `${address}duplicate/`;
  find("[data-delete]", list).addEventListener("click", () => remove(card));
  menu.append(list);
  wireMenu(menu);
  list.hidden = false;
  button.setAttribute("aria-expanded", "true");
}

for (const card of findAll(".project-card")) {
  playOnPointing(card);
  if (card.dataset.job) follow(card);
  find("[data-menu-button]", card).addEventListener("click", () => openMenu(card), { once: true });
}
