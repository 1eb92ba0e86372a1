// The lists whose combinations are made: hooks, voices, captions, shapes.
import { find, findAll, icon, make } from "../ui.js";

/** Calls onChange whenever a list changed. Returns a function that gives the lists as the API takes them. */
export function startLists(state, onChange) {
  const form = find("#variants-form");
  const hooks = find("#hooks");
  const voices = find("#voices");
  const adding = find("#add-voice");
  const chosen = new Map();

  const addHook = (text = "", { focus = false } = {}) => {
    const input = make("input", { class: "input", type: "text", dir: "auto", maxlength: hooks.dataset.most, "aria-label": `Hook ${hooks.children.length + 1}`, placeholder: "What stops the thumb?", oninput: onChange });
    input.value = text;
    const row = make("li", {}, input, make("button", {
      class: "button button-ghost button-icon", type: "button", "aria-label": "Remove this hook",
      onclick: () => { row.remove(); findAll("input", hooks).forEach((one, at) => one.setAttribute("aria-label", `Hook ${at + 1}`)); onChange(); },
    }, icon("close")));
    hooks.append(row);
    if (focus) input.focus();
  };

  const addVoice = (id) => {
    const voice = state.voices.find((one) => one.id === id);
    if (!voice || chosen.has(id)) return;
    const item = make("li", {}, voice.name, make("button", {
      class: "button button-ghost button-small button-icon", type: "button", "aria-label": `Remove ${voice.name}`,
      onclick: () => { chosen.delete(id); item.remove(); onChange(); },
    }, icon("close")));
    chosen.set(id, item);
    voices.append(item);
  };

  if (hooks) {
    addHook(state.hook);
    find("#add-hook").addEventListener("click", () => addHook("", { focus: true }));
    for (const language of new Set(state.voices.map((voice) => voice.language_name))) {
      const group = make("optgroup", { label: language });
      group.append(...state.voices.filter((voice) => voice.language_name === language).map((voice) => make("option", { value: voice.id }, voice.name)));
      adding.append(group);
    }
    addVoice(state.voice);
    adding.addEventListener("change", () => { addVoice(adding.value); adding.value = ""; onChange(); });
  }
  for (const box of findAll(".variants-chip input", form)) box.addEventListener("change", onChange);
  for (const radio of findAll("input[name=making]", form)) radio.addEventListener("change", onChange);

  const checked = (name) => findAll(`input[name=${name}]:checked`, form).map((box) => box.value);
  return () => ({
    hooks: hooks ? findAll("input", hooks).map((input) => input.value.trim()).filter(Boolean) : [],
    voices: [...chosen.keys()],
    captions: checked("captions"),
    shapes: checked("shapes"),
    making: checked("making")[0],
  });
}
