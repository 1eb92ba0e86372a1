// Step 3 of a dub: what happens when voice and clip differ, and how the mouth follows.
import { find } from "../ui.js";
import { wireRadios, wireRange } from "./controls.js";

const SYNC_WORDS = {
  cut_off: "The video ends when the voice or the clip does, whichever is first.",
  silence: "After the voice the lips stay closed until the clip ends.",
  loop: "The picture starts again when the clip ends.",
  bounce: "The picture runs backwards and forwards, without a jump.",
  remap: "Good for small differences; far from the clip’s own speed it is seen.",
};

export function startFit(store) {
  wireRadios(store, "label_corner");
  wireRadios(store, "aspect");
  const showShape = () => { find("#aspect-hint").textContent = store.project.aspect === "source" ? "As the clip is." : "The picture follows the face; nothing of it is cut off."; };
  store.addEventListener("change", showShape);
  showShape();
  wireRange(store, "strength", find("#strength"), (value) => `${Math.round(value * 100)} %`);
  wireChoice(store, "sync_mode", (value) => { find("#sync_mode-hint").textContent = SYNC_WORDS[value]; });
  const showMode = () => { find("#sync_mode").closest(".field").hidden = store.project.voice_source === "lines"; }; // each line has its own
  store.addEventListener("change", ({ detail }) => detail.includes("voice_source") && showMode());
  showMode();
  wireBox(store, "keep_background", (isOn) => isOn, (value) => value);
  wireBox(store, "adapt", (isOn) => (isOn ? "auto" : "off"), (value) => value === "auto");
}

function wireChoice(store, field, onShown) {
  const select = find(`#${field}`);
  const show = () => {
    select.value = store.project[field];
    onShown(select.value);
  };
  select.addEventListener("change", () => store.set({ [field]: select.value }));
  store.addEventListener("change", ({ detail }) => detail.includes(field) && show());
  show();
}

function wireBox(store, field, toValue, isOn) {
  const box = find(`#${field}`);
  const show = () => { box.checked = isOn(store.project[field]); };
  box.addEventListener("change", () => store.set({ [field]: toValue(box.checked) }));
  store.addEventListener("change", ({ detail }) => detail.includes(field) && show());
  show();
}
