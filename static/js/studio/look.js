// Step 3: what shape the video has, what is behind the person, how smooth it runs.
import { find } from "../ui.js";
import { BACKGROUND_FACTS, startBackdrop } from "./backdrop.js";
import { wireRadios } from "./controls.js";

const ASPECT_WORDS = {
  source: "As the photo is.",
  "9:16": "For TikTok, Reels and Shorts.",
  "4:5": "For the Instagram feed.",
  "1:1": "Square, for everywhere.",
  "16:9": "For YouTube and slides.",
};

export function startLook(store) {
  for (const name of ["aspect", "label_corner"]) wireRadios(store, name);
  startBackdrop(store);
  const fps = find("#fps");
  fps.addEventListener("change", () => store.set({ frames_per_second: fps.value }));
  const show = () => {
    const { project } = store;
    find("#aspect-hint").textContent = ASPECT_WORDS[project.aspect];
    fps.value = project.frames_per_second;
    const unusual = [
      BACKGROUND_FACTS[project.background],
      project.frames_per_second !== "25" && `${project.frames_per_second} frames per second`,
    ];
    find("#look-facts").textContent = unusual.filter(Boolean).join(" · ");
  };
  store.addEventListener("change", show);
  show();
}
