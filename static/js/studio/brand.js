// Whether this video shows its creator's brand, and where the logo sits. The brand itself has a page of its own.
import { request } from "../api.js";
import { find } from "../ui.js";
import { wireRadios, wireRange } from "./controls.js";

const percent = (value) => `${Math.round(value * 100)} %`;

/** What is said in the folded group's head. */
export function brandFacts(project, brand) {
  if (!project.brand) return "off";
  return brand?.logo ? "logo" : "no logo yet";
}

export function startBrand(store) {
  const box = find("#brand");
  const show = () => {
    const { project, brand } = store;
    box.checked = project.brand;
    find("#brand-facts").textContent = brandFacts(project, brand);
    find("#brand-logo").hidden = !(project.brand && brand?.logo);
    find("#brand-hint").textContent = brand?.logo ? "Your logo lies in a corner of every frame; captions and the “AI” label stay clear of it." : "Add a logo to your brand first.";
  };
  box.addEventListener("change", () => store.set({ brand: box.checked }));
  wireRadios(store, "logo_corner");
  wireRange(store, "logo_size", find("#logo_size"), percent);
  wireRange(store, "logo_opacity", find("#logo_opacity"), percent);
  store.addEventListener("change", ({ detail }) => detail.includes("brand") && show());
  show();
  // it may have been changed in the tab that the link here opens
  window.addEventListener("focus", async () => {
    try {
      store.brand = await request("GET", "/brand");
      store.dispatchEvent(new Event("brand"));
      show();
    } catch {
      // what was known stays shown
    }
  });
}
