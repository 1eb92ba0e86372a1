// Whether this video shows its creator's brand, and where the logo sits. The brand itself has a page of its own.
import { request } from "../api.js";
import { seenOnInk } from "../colours.js";
import { find } from "../ui.js";
import { wireRadios, wireRange } from "./controls.js";

const CARDS = ["brand_intro", "brand_outro"];
const percent = (value) => `${Math.round(value * 100)} %`;

/** What is said in the folded group's head. */
export function brandFacts(project, brand) {
  if (!project.brand) return "off";
  const parts = [brand?.logo && "logo", project.brand_captions && project.captions !== "none" && "captions", project.brand_intro && "opening", project.brand_outro && "closing"].filter(Boolean);
  return parts.join(", ") || "nothing to show yet";
}

/** The brand whose colours and letters captions take, or null. */
export const captionBrand = ({ project, brand }) => (project.brand && project.brand_captions ? brand : null);

/** Shows a caption on the page as the renderer draws it with this brand. */
export function dressCaption(block, brand) {
  if (!brand) return;
  const values = { primary: brand.primary, text: brand.text, accent: brand.accent, spoken: seenOnInk(brand.accent) };
  for (const [name, value] of Object.entries(values)) block.style.setProperty(`--caption-${name}`, value);
  if (brand.typeface !== "style") block.dataset.letters = brand.typeface;
}

export function startBrand(store) {
  const box = find("#brand");
  const captions = find("#brand_captions"); // not in films: their scenes have their own
  const show = () => {
    const { project, brand } = store;
    box.checked = project.brand;
    find("#brand-facts").textContent = brandFacts(project, brand);
    if (captions) {
      captions.checked = project.brand_captions;
      find("#brand-captions-row").hidden = !project.brand;
    }
    find("#brand-cards").hidden = !project.brand || project.background === "transparent";
    for (const name of CARDS) find(`#${name}`).checked = project[name];
    find("#brand-logo").hidden = !(project.brand && brand?.logo);
    find("#brand-hint").textContent = brand?.logo ? "Your logo lies in a corner of every frame; captions and the “AI” label stay clear of it." : "Your brand has no logo yet; its colours are there.";
  };
  box.addEventListener("change", () => store.set({ brand: box.checked }));
  captions?.addEventListener("change", () => store.set({ brand_captions: captions.checked }));
  for (const name of CARDS) find(`#${name}`).addEventListener("change", ({ target }) => store.set({ [name]: target.checked }));
  wireRadios(store, "logo_corner");
  wireRange(store, "logo_size", find("#logo_size"), percent);
  wireRange(store, "logo_opacity", find("#logo_opacity"), percent);
  store.addEventListener("change", ({ detail }) => ["brand", "brand_captions", "captions", "background", ...CARDS].some((name) => detail.includes(name)) && show());
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
