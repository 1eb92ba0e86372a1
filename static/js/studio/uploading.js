// One upload on the page: a line with its name, how far it is, a way to stop it, and a way to try again.
import { untilChecked, Problem } from "../api.js";
import { upload } from "../tus.js";
import { announce, fileSize, icon, make, notice } from "../ui.js";

function refusal(code, sentence, nextStep) {
  return new Problem({ code, sentence, next_step: nextStep });
}

/** What can be seen without sending anything: emptiness, size, an obviously wrong type. Null when it looks fine. */
export function refuseEarly(file, { maxBytes, looksRight, wrongType }) {
  if (file.size === 0) {
    return refusal("file_empty", `“${file.name}” is empty (0 bytes).`, "It probably did not finish copying. Open it on your device first.");
  }
  if (!looksRight(file)) return refusal("unsupported_type", `“${file.name}” ${wrongType.sentence}`, wrongType.nextStep);
  if (file.size > maxBytes) {
    return refusal("upload_too_large", `“${file.name}” is ${fileSize(file.size)}; the most we can take is ${fileSize(maxBytes)}.`, "Make it smaller, then choose it again.");
  }
  return null;
}

/**
 * Sends a file and waits until it has been looked at, showing where it is in `place`.
 * Resolves to the asset (ready or refused), or to null when it was stopped or failed for good.
 */
export async function sendFile(kind, file, place, { onStored = () => {}, checkingWords = "Looking at it…" } = {}) {
  const stop = new AbortController();
  const bar = make("progress", { class: "progress progress-thin", max: 1, value: 0, "aria-label": `Uploading ${file.name}` });
  const words = make("span", { class: "file-card-facts tabular" }, `Uploading · ${fileSize(file.size)}`);
  const cancel = make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": `Stop uploading ${file.name}`, onclick: () => stop.abort() }, icon("close"));
  place.replaceChildren(make("div", { class: "file-card" },
    make("div", { class: "file-card-head" }, icon(kind === "portrait" ? "image" : "waveform"), make("div", { class: "grow" }, make("div", { class: "file-card-name truncate" }, file.name), words), cancel),
    bar));
  try {
    const stored = await upload(kind, file, {
      signal: stop.signal,
      onProgress: (fraction) => {
        bar.value = fraction;
        words.textContent = fraction < 1 ? `Uploading · ${Math.round(fraction * 100)} % of ${fileSize(file.size)}` : checkingWords;
      },
      onWaiting: (problem) => {
        words.textContent = problem.isNetwork ? "The connection is gone; it goes on by itself" : "Waiting for the site; it goes on by itself";
        announce(words.textContent);
      },
    });
    bar.removeAttribute("value");
    words.textContent = checkingWords;
    announce(checkingWords);
    onStored(stored);
    const asset = await untilChecked(stored.id, { signal: stop.signal });
    place.replaceChildren();
    return asset;
  } catch (problem) {
    if (problem.code === "aborted") {
      place.replaceChildren();
      announce("Upload stopped.");
      return null;
    }
    const again = make("button", { class: "link-button", type: "button" }, "Try again");
    place.replaceChildren(notice("bad", problem.sentence, problem.nextStep, ...(problem.retryable ? [again] : [])));
    if (!problem.retryable) return null;
    return new Promise((resolve) => {
      again.addEventListener("click", () => resolve(sendFile(kind, file, place, { onStored, checkingWords })));
    });
  }
}
