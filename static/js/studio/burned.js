// Captions in the picture: which style, and when there can be any.
import { find } from "../ui.js";

const HINTS = {
  none: "The words can also be downloaded as a subtitle file once the video is made.",
  clean: "White letters, easy to read anywhere.",
  karaoke: "The word that is said lights up.",
  pop: "For Shorts and Reels: few words, large, in capitals.",
  boxed: "On a dark box, for busy pictures.",
  lower_third: "At the left, as in the news.",
  minimal: "Small and quiet.",
};

export function startCaptions(store) {
  const select = find("#captions");
  const show = () => {
    const { project } = store;
    const isKnown = project.voice_source === "script" && [null, "voice"].includes(project.moved_by);
    select.disabled = !isKnown;
    select.value = project.captions;
    find("#captions-hint").textContent = isKnown ? HINTS[project.captions] : "Captions need a typed script: then every word and its moment are known.";
  };
  select.addEventListener("change", () => store.set({ captions: select.value }));
  store.addEventListener("change", ({ detail }) => ["captions", "voice_source", "moved_by"].some((name) => detail.includes(name)) && show());
  show();
}
