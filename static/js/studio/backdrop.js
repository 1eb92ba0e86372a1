// What is behind the person of a photo: its own background, blurred or not, a colour, another picture, or nothing.
import { untilChecked } from "../api.js";
import { announce, find, icon, make, notice } from "../ui.js";
import { consentRow, isStated } from "./consent.js";
import { wireRadios, wireRange } from "./controls.js";
import { looksLikePicture } from "./dropping.js";
import { refuseEarly, sendFile } from "./uploading.js";

const WRONG_TYPE = { sentence: "is not a picture.", nextStep: "Choose a JPEG, PNG, WebP or HEIC picture." };
const WORDS = {
  photo: "The photo’s own background; it keeps still while the person moves.",
  blur: "The photo’s own background, out of focus.",
  colour: "One colour behind the person.",
  picture: "Another picture behind the person; its middle covers everything.",
  transparent: "The person alone, as a WebM video with transparency, to lay over slides and pages.",
};
export const BACKGROUND_FACTS = { blur: "blurred background", colour: "coloured background", picture: "other background", transparent: "no background" };

export const asHex = (rgb) => `#${rgb.toString(16).padStart(6, "0")}`;
export const asNumber = (hex) => Number.parseInt(hex.slice(1), 16);

/** What still stands in the way of a render: words, or null. */
export function backdropMissing({ background, backdrop }) {
  if (background !== "picture") return null;
  if (!backdrop) return "Choose a picture for the background.";
  if (backdrop.state === "checking") return "Still looking at the background picture…";
  if (backdrop.state === "refused") return "This background picture cannot be used; choose another one.";
  return isStated(backdrop) ? null : "Say that you may use this background picture.";
}

export function startBackdrop(store) {
  const picker = find("#backdrop-file");
  const colour = find("#background_rgb");
  const feedback = find("#backdrop-feedback");
  let turn = 0;

  const show = () => {
    const { background, backdrop, background_rgb: rgb } = store.project;
    find("#background-hint").textContent = WORDS[background];
    find("#backdrop-blur").hidden = background !== "blur";
    find("#backdrop-colour").hidden = background !== "colour";
    find("#backdrop-picture").hidden = background !== "picture";
    find("#backdrop-dropzone").hidden = Boolean(backdrop);
    colour.value = asHex(rgb);
    const consent = backdrop ? consentRow(backdrop, store.consent, (asset) => store.project.backdrop?.id === asset.id && store.learn({ backdrop: asset })) : null;
    find("#backdrop-slot").replaceChildren(...(backdrop ? [pictureCard(backdrop, () => store.set({ backdrop: null }))] : []), ...(consent ? [consent] : []));
  };

  const take = async (file) => {
    const mine = ++turn;
    const early = refuseEarly(file, { maxBytes: store.limits.picture_bytes, looksRight: looksLikePicture, wrongType: WRONG_TYPE });
    if (early) {
      feedback.replaceChildren(notice("bad", early.sentence, early.nextStep));
      return;
    }
    const asset = await sendFile("picture", file, feedback, { onStored: (stored) => mine === turn && store.set({ backdrop: stored }) });
    if (mine !== turn || !asset || store.project.backdrop?.id !== asset.id) return;
    store.learn({ backdrop: asset });
    announce(asset.state === "ready" ? "The background picture is ready." : `${asset.failure.sentence} ${asset.failure.next_step}`);
  };

  wireRadios(store, "background");
  wireRange(store, "background_blur", find("#background_blur"), (value) => `${Math.round(value * 100)} %`);
  colour.addEventListener("input", () => store.set({ background_rgb: asNumber(colour.value) }));
  picker.addEventListener("change", () => {
    if (picker.files[0]) take(picker.files[0]);
    picker.value = "";
  });
  store.addEventListener("change", ({ detail }) => detail.some((name) => name.startsWith("back")) && show());
  show();
  if (store.project.backdrop?.state === "checking") {
    untilChecked(store.project.backdrop.id).then((backdrop) => store.project.backdrop?.id === backdrop.id && store.learn({ backdrop })).catch(() => {});
  }
}

function pictureCard(picture, onRemove) {
  const url = picture.preview_url ?? (picture.viewable ? picture.url : null);
  const refused = picture.state === "refused" ? [notice("bad", picture.failure.sentence, picture.failure.next_step)] : [];
  return make("div", { class: "file-card" },
    make("div", { class: "file-card-head" },
      ...(url ? [make("img", { class: "backdrop-thumb", src: url, alt: "", width: 64, height: 48, loading: "lazy" })] : []),
      make("div", { class: "grow file-card-name truncate" }, picture.name || "Background picture"),
      make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Remove this background picture", onclick: onRemove }, icon("trash"))),
    ...refused);
}
