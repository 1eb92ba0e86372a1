// Controls tied to fields of the project: what is changed here is saved, what is changed elsewhere is shown here.
import { find, findAll } from "../ui.js";

/** The radios called `name` show and set the project's field of that name. */
export function wireRadios(store, name) {
  const radios = findAll(`input[name="${name}"]`);
  const show = () => radios.forEach((radio) => { radio.checked = radio.value === store.project[name]; });
  for (const radio of radios) radio.addEventListener("change", () => radio.checked && store.set({ [name]: radio.value }));
  store.addEventListener("change", ({ detail }) => detail.includes(name) && show());
  show();
}

/** A slider for one number, with its value in words beside it. */
export function wireRange(store, field, range, words) {
  const output = find(`#${range.id}-value`);
  const show = () => {
    output.textContent = words(Number(range.value));
    range.setAttribute("aria-valuetext", output.textContent);
  };
  range.addEventListener("input", () => {
    store.set({ [field]: Number(range.value) });
    show();
  });
  store.addEventListener("change", ({ detail }) => {
    if (!detail.includes(field)) return;
    range.value = store.project[field];
    show();
  });
  range.value = store.project[field];
  show();
}

/** A switch with a slider: off is 0; switched on again, the slider is where it was. */
export function wireScale(store, field, words) {
  const on = find(`#${field}-on`);
  const range = find(`#${field}`);
  const output = find(`#${field}-value`);
  let last = store.project[field] || 1;
  const show = () => {
    const value = store.project[field];
    if (value > 0) last = value;
    on.checked = value > 0;
    range.disabled = value === 0;
    range.value = value > 0 ? value : last;
    output.textContent = value > 0 ? words(value) : "off";
    range.setAttribute("aria-valuetext", output.textContent);
  };
  on.addEventListener("change", () => store.set({ [field]: on.checked ? last : 0 }));
  range.addEventListener("input", () => store.set({ [field]: Number(range.value) }));
  store.addEventListener("change", ({ detail }) => detail.includes(field) && show());
  show();
}
