// Keys for those whose hands are on them, and a sheet that lists them.
import { find, findAll, make } from "../ui.js";

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const MOD = IS_MAC ? "⌘" : "Ctrl";
const STEP_S = 1 / 25;

/** Every shortcut: the keys as shown, what they do, and the key event they are. `inText`: also while typing. */
export const SHORTCUTS = [
  { keys: ["Space"], words: "Play or pause", matches: (event) => event.key === " ", run: () => withVideo((video) => (video.paused ? video.play().catch(() => {}) : video.pause())) },
  { keys: ["←", "→"], words: "One frame back or on", matches: (event) => (event.key === "ArrowLeft" || event.key === "ArrowRight") && !event.shiftKey, run: (store, event) => seek(event.key === "ArrowLeft" ? -STEP_S : STEP_S) },
  { keys: ["Shift", "← →"], words: "One second back or on", matches: (event) => (event.key === "ArrowLeft" || event.key === "ArrowRight") && event.shiftKey, run: (store, event) => seek(event.key === "ArrowLeft" ? -1 : 1) },
  { keys: ["M"], words: "Sound on or off", matches: (event) => event.key.toLowerCase() === "m", run: () => withVideo((video) => { video.muted = !video.muted; }) },
  { keys: ["T"], words: "Type the script", matches: (event) => event.key.toLowerCase() === "t", run: () => { find("#tab-script").click(); find("#script").focus(); } },
  { keys: ["N"], words: "Another take", matches: (event) => event.key.toLowerCase() === "n", run: () => find("#shuffle").click() },
  { keys: [MOD, "Z"], words: "Undo", isCommand: true, matches: (event) => event.key.toLowerCase() === "z" && !event.shiftKey, run: (store) => store.undo() },
  { keys: [MOD, "Shift", "Z"], words: "Redo", isCommand: true, matches: (event) => (event.key.toLowerCase() === "z" && event.shiftKey) || event.key.toLowerCase() === "y", run: (store) => store.redo() },
  { keys: [MOD, "S"], words: "Save now", isCommand: true, inText: true, matches: (event) => event.key.toLowerCase() === "s", run: (store) => store.flush().catch(() => {}) },
  { keys: [MOD, "Enter"], words: "Render", isCommand: true, isElsewhere: true }, // wired where rendering is
  { keys: ["?"], words: "This sheet", matches: (event) => event.key === "?", run: () => showSheet() },
];

const isTyping = (element) => Boolean(element?.closest("textarea, select, [contenteditable], input:not([type=range], [type=radio], [type=checkbox], [type=button], [type=file])"));
/** Keys that the focused control itself means something by. */
const isTaken = (element, key) => Boolean(element?.closest(key === " " ? "button, a, summary, input, video" : "input, [role=tab], [role=slider], video, audio") && (key === " " || key.startsWith("Arrow")));

/** The shortcut that a key event is, or null. */
export function shortcutFor(event, focused) {
  const isCommand = IS_MAC ? event.metaKey : event.ctrlKey;
  return SHORTCUTS.find((one) => !one.isElsewhere && Boolean(one.isCommand) === isCommand && !event.altKey && one.matches(event)
    && (one.inText || !isTyping(focused)) && (one.isCommand || !isTaken(focused, event.key))) ?? null;
}

export function startShortcuts(store) {
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
    const found = shortcutFor(event, event.target instanceof Element ? event.target : null);
    if (!found) return;
    event.preventDefault();
    found.run(store, event);
  });
  find("#show-shortcuts").addEventListener("click", showSheet);
}

function withVideo(work) {
  const video = findAll(".stage video")[0];
  if (video) work(video);
}

function seek(by_s) {
  withVideo((video) => {
    video.pause();
    video.currentTime = Math.min(Math.max(0, video.currentTime + by_s), video.duration || 0);
  });
}

function showSheet() {
  const rows = SHORTCUTS.flatMap(({ keys, words }) => [make("dt", {}, ...keys.map((key) => make("kbd", {}, key))), make("dd", {}, words)]);
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": "shortcuts-title" },
    make("form", { method: "dialog", class: "dialog-body" },
      make("h2", { id: "shortcuts-title" }, "Keyboard shortcuts"),
      make("dl", { class: "shortcuts" }, ...rows),
      make("div", { class: "dialog-actions" }, make("button", { class: "button button-ink", value: "close" }, "Close"))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
