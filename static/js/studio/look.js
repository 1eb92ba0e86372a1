// Step 3: how it moves and what shape it has.
import { announce, find, findAll } from "../ui.js";

const STYLE_WORDS = {
  still: "Mouth and blinks only; the head keeps still.",
  natural: "Small head movements, brows and blinks, as when talking to a friend.",
  expressive: "Livelier head and brows, as when telling a story.",
};
const ASPECT_WORDS = {
  source: "As the photo is.",
  "9:16": "For TikTok, Reels and Shorts.",
  "4:5": "For the Instagram feed.",
  "1:1": "Square, for everywhere.",
  "16:9": "For YouTube and slides.",
};
const SEED_CHOICES = 1_000_000;

export function startLook(store) {
  for (const name of ["style", "aspect", "label_corner"]) wireRadios(store, name);
  const showHints = () => {
    find("#style-hint").textContent = STYLE_WORDS[store.project.style];
    find("#aspect-hint").textContent = ASPECT_WORDS[store.project.aspect];
  };
  store.addEventListener("change", showHints);
  showHints();

  const fps = find("#fps");
  fps.value = store.project.frames_per_second;
  fps.addEventListener("change", () => store.set({ frames_per_second: fps.value }));

  const seed = find("#seed");
  seed.value = store.project.seed;
  seed.addEventListener("change", () => {
    const wanted = Math.min(Math.max(Math.round(Number(seed.value) || 0), 0), 2 ** 31 - 1);
    seed.value = wanted;
    store.set({ seed: wanted });
  });
  find("#shuffle").addEventListener("click", () => {
    store.set({ seed: Math.floor(Math.random() * SEED_CHOICES) });
    announce(`Take number ${store.project.seed}`);
  });
  store.addEventListener("change", ({ detail }) => {
    if (detail.includes("seed")) seed.value = store.project.seed;
    if (detail.includes("frames_per_second")) fps.value = store.project.frames_per_second;
  });
}

function wireRadios(store, name) {
  const radios = findAll(`input[name="${name}"]`);
  const show = () => radios.forEach((radio) => { radio.checked = radio.value === store.project[name]; });
  for (const radio of radios) radio.addEventListener("change", () => radio.checked && store.set({ [name]: radio.value }));
  store.addEventListener("change", ({ detail }) => detail.includes(name) && show());
  show();
}
