// "Was this made here?": the chosen file's name, a size check before sending, and waiting for the answer.
import { fileSize, find, notice } from "./ui.js";

const ASK_MS = 800;
const SLOW_MS = 20_000;

const form = find("[data-made-here]");
if (form) {
  const picker = find("input[type=file]", form);
  const name = find("[data-file-name]", form);
  const zone = find(".dropzone", form);
  const button = find("button[type=submit]", form);
  let problem = null;
  for (const [event, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(event, () => { zone.dataset.over = String(over); });
  }
  picker.addEventListener("change", () => {
    const [file] = picker.files;
    problem?.remove();
    problem = null;
    if (!file) return;
    name.textContent = `${file.name} · ${fileSize(file.size)}`;
    if (file.size > Number(form.dataset.maxBytes) || file.size === 0) {
      problem = file.size === 0
        ? notice("bad", "That file is empty (0 bytes).", "Choose another one.")
        : notice("bad", `That file is ${fileSize(file.size)}; the most we can take is ${fileSize(Number(form.dataset.maxBytes))}.`, "Cut a part of it, or save it at a lower quality.");
      zone.after(problem);
      picker.value = "";
    }
  });
  form.addEventListener("submit", () => button.setAttribute("aria-busy", "true"));
  addEventListener("pageshow", () => button.removeAttribute("aria-busy")); // back from the answer
}

const waiting = find("[data-waiting-for]");
if (waiting) {
  const startedAt = Date.now();
  const ask = async () => {
    try {
      const response = await fetch(waiting.dataset.waitingFor, { headers: { Accept: "application/json" } });
      const { state } = response.ok ? await response.json() : { state: response.status === 404 ? "gone" : "waiting" };
      if (state !== "waiting" && state !== "looking") {
        location.reload();
        return;
      }
    } catch {
      // Asked again below: the connection may come back.
    }
    find("[data-slow]", waiting).hidden = Date.now() - startedAt < SLOW_MS;
    setTimeout(ask, ASK_MS);
  };
  setTimeout(ask, ASK_MS);
}
