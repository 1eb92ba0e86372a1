// The library: videos play when pointed at, renders move on, words and filters find, ticked ones are moved together.
import { request } from "./api.js";
import { wireMenu } from "./app.js";
import { askFor } from "./asking.js";
import { watchJob } from "./jobs.js";
import { announce, confirmDialog, fileSize, find, findAll, make, notice, toast } from "./ui.js";
import { offerUndo, rememberTrashed } from "./undo_trash.js";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const TYPING_MS = 250;
const QUESTIONS = ["move", "delete", "empty"]; // what is asked about before it is done
const bulk = find("#bulk");
const results = find("#results");

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
  if (!badge) return;
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
    if (done && picture && !picture.closest(".is-whole") && message.thumbnail_url) picture.src = message.thumbnail_url;
    if (done) announce(`${find(".project-card-title", card).textContent} is ready.`);
  });
}

// What is ticked, and what is done with it

const ticks = () => findAll("input[name=project]", results);
const ticked = () => ticks().filter((tick) => tick.checked);

function showTicked() {
  const count = ticked().length;
  bulk.hidden = count === 0;
  results.classList.toggle("is-choosing", count > 0);
  if (count) find("#bulk-count").textContent = `${count} selected`;
  find("#bulk-all").hidden = count === ticks().length;
}

function tickOnly(card) {
  for (const tick of ticks()) tick.checked = tick.closest(".project-card") === card;
  showTicked();
}

function tickAll(all) {
  for (const tick of ticks()) tick.checked = all;
  showTicked();
}

const theVideos = (count) => (count === 1 ? "this video" : `these ${count} videos`);

const gone = "The videos, everything rendered from them and the files that nothing else uses are deleted. This cannot be undone.";

/** Asks what has to be asked before an action. False: it is not to be done. */
async function prepared(action) {
  const count = ticked().length;
  if (action === "empty") return confirmDialog({ title: "Empty the trash?", text: gone, action: "Delete for good" });
  if (action === "delete") return confirmDialog({ title: `Delete ${theVideos(count)} for good?`, text: gone, action: "Delete for good" });
  if (action !== "move") return true;
  const folder = await askFor({
    title: `Move ${theVideos(count)}`,
    label: "Folder",
    hint: "Type a new name or choose one you have. Empty takes them out of their folder.",
    value: count === 1 ? ticked()[0].closest(".project-card").dataset.folder : "",
    maxLength: 60,
    list: "folder-names",
    action: "Move",
  });
  if (folder === null) return false;
  find("#bulk-folder").value = folder;
  return true;
}

let isPrepared = false;

async function act(action) {
  if (!(await prepared(action))) return;
  isPrepared = true;
  if (action === "trash") rememberTrashed(ticked().map((tick) => tick.value));
  bulk.requestSubmit(find(`button[value="${action}"]`, bulk));
}

bulk.addEventListener("submit", (event) => {
  if (!isPrepared && event.submitter?.value === "trash") rememberTrashed(ticked().map((tick) => tick.value));
  if (isPrepared || !QUESTIONS.includes(event.submitter?.value)) return;
  event.preventDefault();
  act(event.submitter.value);
});
find("#bulk-all").addEventListener("click", () => tickAll(true));
find("#bulk-none").addEventListener("click", () => {
  tickAll(false);
  ticks()[0]?.focus();
});
find("[data-empty]")?.addEventListener("click", () => act("empty"));
results.addEventListener("change", (event) => event.target.name === "project" && showTicked());
document.addEventListener("keydown", (event) => {
  if (find("dialog[open]")) return;
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
  if (event.key === "Escape" && !typing && ticked().length) tickAll(false);
  if (event.key === "/" && !typing && find("#finder")) {
    event.preventDefault();
    find("#finder input[name=q]").focus();
  }
});

/** An archive of what is chosen: asked for first, so that what is wrong is said here and not by a broken download. */
async function download(projects, button) {
  button.setAttribute("aria-busy", "true");
  try {
    const { url, videos, left_out: left, size_bytes: size } = await request("POST", "/archives", { projects });
    make("a", { href: url, download: "" }).click();
    const rest = left ? ` ${left === 1 ? "One has" : `${left} have`} no finished video yet.` : "";
    toast(`${videos === 1 ? "1 video" : `${videos} videos`}, ${fileSize(size)}: the download has started.${rest}`);
  } catch (problem) {
    toast(`${problem.sentence} ${problem.nextStep}`);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

const downloadAll = find("#bulk-download");
downloadAll?.addEventListener("click", () => download(ticked().map((tick) => tick.value), downloadAll));

const renaming = find("#rename-folder");
renaming?.addEventListener("click", async () => {
  const name = renaming.dataset.folder;
  const wanted = await askFor({ title: "Rename this folder", label: "Name", hint: "The name of another folder puts both together.", value: name, maxLength: 60, action: "Rename", isNeeded: true });
  if (!wanted || wanted === name) return;
  try {
    const { folder } = await request("POST", "/folders/rename", { name, new_name: wanted });
    location.search = new URLSearchParams({ folder });
  } catch (problem) {
    toast(`${problem.sentence} ${problem.nextStep}`);
  }
});

// One card's own menu

async function rename(card) {
  const words = find(".project-card-title", card);
  const title = await askFor({ title: "Rename this video", label: "Title", value: words.textContent, maxLength: 120, action: "Rename" });
  if (title === null) return;
  try {
    const project = await request("PATCH", `/projects/${card.dataset.project}`, { title });
    words.textContent = project.display_title;
    find("[data-menu-button]", card).setAttribute("aria-label", `More for ${project.display_title}`);
    find("input[name=project]", card).setAttribute("aria-label", `Select ${project.display_title}`);
    find("[data-menu-button]", card).focus();
    toast("Renamed.");
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
  if (address) {
    find("[data-open]", list).href = address;
    find("[data-duplicate]", list).action = `${address}duplicate/`;
    find("[data-rename]", list).addEventListener("click", () => { list.hidden = true; rename(card); });
  }
  const saving = find("[data-download]", list);
  saving?.addEventListener("click", async () => {
    await download([card.dataset.project], saving);
    list.hidden = true;
  });
  for (const item of findAll("[data-do]", list)) {
    item.addEventListener("click", () => {
      list.hidden = true;
      tickOnly(card);
      act(item.dataset.do);
    });
  }
  menu.append(list);
  wireMenu(menu);
  list.hidden = false;
  button.setAttribute("aria-expanded", "true");
}

function wireCards() {
  for (const card of findAll(".project-card", results)) {
    playOnPointing(card);
    if (card.dataset.job) follow(card);
    find("[data-menu-button]", card).addEventListener("click", () => openMenu(card), { once: true });
  }
  showTicked();
}

// Finding: the cards change in place, the address with them

let asked = 0;

async function look(address) {
  const mine = ++asked;
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (mine !== asked) return;
    if (!answer.ok || answer.redirected) {
      location.href = address; // the page itself says best what is the matter: signed out, or an error
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    const found = find("#results", page);
    results.replaceChildren(...found.childNodes);
    results.dataset.count = found.dataset.count;
    bulk.action = find("#bulk", page).getAttribute("action");
    history.replaceState(null, "", address);
    announce(found.dataset.count === "1" ? "1 video" : `${found.dataset.count} videos`);
    wireCards();
  } catch {
    if (mine !== asked) return;
    const again = make("button", { class: "link-button", type: "button", onclick: () => look(address) }, "Try again");
    results.replaceChildren(notice("bad", "We could not reach the site.", "Your videos are safe; check your connection.", again));
    showTicked();
  } finally {
    if (mine === asked) results.removeAttribute("aria-busy");
  }
}

function wireFinder(finder) {
  const address = () => {
    const query = new URLSearchParams([...new FormData(finder)].filter(([, value]) => value));
    return `${location.pathname}${query.size ? `?${query}` : ""}`;
  };
  let timer = 0;
  const soon = (wait_ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => look(address()), wait_ms);
  };
  find("input[name=q]", finder).addEventListener("input", () => soon(TYPING_MS));
  finder.addEventListener("change", (event) => event.target.name !== "q" && soon(0));
  finder.addEventListener("submit", (event) => {
    event.preventDefault();
    soon(0);
  });
}

wireCards();
offerUndo();
if (find("#finder")) wireFinder(find("#finder"));
