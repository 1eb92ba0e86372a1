// Three hints for somebody's first video. Each marks the place it speaks of; closing them is kept with the account.
import { find, make } from "../ui.js";

const HINTS = [
  { place: "#step-portrait" },
  { place: "#script", title: "Change the words.", words: "Type what shall be said, or record your own voice. Everything is saved as you type." },
  { place: ".render-bar", title: "Press Render.", words: "It plays while it is made. Free, with a small label; a clean export is for credits." },
];

const guide = find("#guide");
const next = find("#guide-next");
let at = 0;

function mark() {
  for (const { place } of HINTS) find(place)?.classList.remove("is-hinted");
  find(HINTS[at].place)?.classList.add("is-hinted");
  find("#guide-count").textContent = `${at + 1} of ${HINTS.length}`;
  if (HINTS[at].title) find("#guide-words").replaceChildren(make("strong", {}, HINTS[at].title), ` ${HINTS[at].words}`);
  next.hidden = at === HINTS.length - 1;
}

guide.addEventListener("submit", async (event) => {
  event.preventDefault();
  for (const { place } of HINTS) find(place)?.classList.remove("is-hinted");
  guide.hidden = true;
  try {
    await fetch(guide.action, { method: "POST", body: new FormData(guide), credentials: "same-origin" });
  } catch {
    // Without a connection the hints come back next time.
  }
});
next.addEventListener("click", () => {
  at += 1;
  mark();
  if (next.hidden) find("button[type=submit]", guide).focus();
});
mark();
