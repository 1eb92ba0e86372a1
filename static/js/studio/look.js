// Step 3: what shape the video has, what is behind the person, how smooth it runs.
import { find } from "../ui.js";
import { wireRadios } from "./controls.js";

const ASPECT_WORDS = {
  source: "As the photo is.",
  "9:16": "For TikTok, Reels and Shorts.",
  "4:5": "For the Instagram feed.",
  "1:1": "Square, for everywhere.",
  "16:9": "For YouTube and slides.",
};
const BACKGROUND_WORDS = {
  photo: "The photo’s own background; it keeps still while the person moves.",
  transparent: "The person alone, as a WebM video with transparency, to lay over slides and pages.",
};

export function startLook(store) {
  for (const name of ["aspect", "background", "label_corner"]) wireRadios(store, name);
  const fps = find("#fps");
  fps.addEventListener("change", () => store.set({ frames_per_second: fps.value }));
  const show = () => {
    const { project } = store;
    find("#aspect-hint").textContent = ASPECT_WORDS[project.aspect];
    find("#background-hint").textContent = BACKGROUND_WORDS[project.background];
    fps.value = project.frames_per_second;
    const unusual = [
      project.background === "transparent" && "no background",
      project.frames_per_second !== "25" && `${project.frames_per_second} frames per second`,
    ];
    find("#look-facts").textContent = unusual.filter(Boolean).join(" · ");
  };
  store.addEventListener("change", show);
  show();
}
