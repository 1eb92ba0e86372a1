// Step 4: how lively the picture is, in which mood, and which take of it.
import { announce, find } from "../ui.js";
import { wireRadios, wireRange, wireScale } from "./controls.js";

const STYLE_WORDS = {
  still: "Mouth and blinks only; the head keeps still.",
  natural: "Small head movements, brows and blinks, as when talking to a friend.",
  expressive: "Livelier head and brows, as when telling a story.",
};
const LIFE = ["blink", "gaze", "brow", "head"];
const SEED_CHOICES = 1_000_000;
const SEED_MAX = 2 ** 31 - 1;

export const isDriven = (project) => project.moved_by === "clip";

/** What the face will express, in words. `proposal`: what voice or words sound like, {emotion, intensity, source}; false
 *  when they were asked and say nothing, null when nobody asked yet. */
export function emotionWords(project, proposal) {
  if (project.emotion !== "auto") return project.emotion === "neutral" ? "No expression is added." : "";
  if (project.moved_by !== "voice") return "Without a voice there is nothing to go by: the face stays neutral.";
  const isTyped = project.voice_source === "script";
  if (proposal === false) return `${isTyped ? "These words name no feeling" : "Too little is said to tell a feeling"}: the face stays neutral.`;
  if (!proposal) return `The face follows how the ${isTyped ? "words sound" : "voice sounds"}; the timeline below says what that is.`;
  return `${proposal.source === "words" ? "These words sound" : "This voice sounds"} ${proposal.emotion}${proposal.intensity < 0.45 ? ", though not clearly" : ""}.`;
}

export function startMovement(store) {
  wireRadios(store, "style");
  wireRadios(store, "emotion");
  wireRange(store, "intensity", find("#intensity"), (value) => `${Math.round(value * 100)} %`);
  for (const name of LIFE) wireScale(store, name, (value) => `${value.toFixed(1)}×`);
  wireTake(store);
  const show = () => {
    const { project } = store;
    find("#style-hint").textContent = isDriven(project) ? "The video moves head and face, so this has no say." : STYLE_WORDS[project.style];
    find("#style-field").disabled = isDriven(project);
    find("#emotion-hint").textContent = emotionWords(project, store.proposal);
    find("#intensity-field").hidden = project.emotion === "neutral" || (project.emotion === "auto" && project.moved_by !== "voice");
    const changed = LIFE.filter((name) => project[name] !== 1).map((name) => (project[name] ? `${name} ${project[name]}×` : `no ${name}`));
    find("#movement-facts").textContent = changed.join(" · ");
  };
  store.addEventListener("change", show);
  show();
}

function wireTake(store) {
  const seed = find("#seed");
  const show = () => { seed.value = store.project.seed; };
  seed.addEventListener("change", () => {
    store.set({ seed: Math.min(Math.max(Math.round(Number(seed.value) || 0), 0), SEED_MAX) });
    show();
  });
  find("#shuffle").addEventListener("click", () => {
    store.set({ seed: Math.floor(Math.random() * SEED_CHOICES) });
    announce(`Take number ${store.project.seed}. Press Render to see it.`);
    find("#render").classList.remove("is-nudged");
    void find("#render").offsetWidth; // restarts the animation
    find("#render").classList.add("is-nudged");
  });
  store.addEventListener("change", ({ detail }) => detail.includes("seed") && show());
  show();
}
