// The brand's page: what is changed here is kept at once, and shown in the frame beside it before it is.
import { request } from "./api.js";
import { contrast, seenOnInk } from "./colours.js";
import { announce, find, findAll, icon, make, notice } from "./ui.js";
import { consentRow, isStated } from "./studio/consent.js";
import { entryProblem } from "./studio/pronouncing.js";
import { refuseEarly, sendFile } from "./studio/uploading.js";

const SAVE_AFTER_MS = 400;
const CONTRAST_LEAST = 3;
const CONTRAST_GOOD = 4.5;
const WRONG_TYPE = { sentence: "is no PNG or WebP.", nextStep: "Save your logo as PNG, best with a see-through background, and choose that." };
const CARDS = ["intro", "outro"];
const LONG_CHARS = 24;
const COLOURS = ["primary", "text", "accent"];

const { brand: first, consent, logo_bytes: logoBytes } = JSON.parse(find("#brand-state").textContent);
const state = { brand: first, waiting: null }; // waiting: a logo that is uploaded, and not the brand's yet

const said = (words) => { find("#save-state").textContent = words; };

async function keep(changes, place) {
  said("Saving…");
  try {
    state.brand = await request("PATCH", "/brand", changes);
    place.replaceChildren();
    said("Saved");
    return true;
  } catch (problem) {
    place.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
    said("Not saved");
    return false;
  }
}

function showFrame() {
  const { logo_url: url } = state.brand;
  const [primary, text, accent] = COLOURS.map((name) => find(`#${name}`).value);
  const typeface = find("input[name=typeface]:checked")?.value ?? "style";
  const logo = find("#frame-logo");
  logo.hidden = !url;
  if (url) logo.src = url;
  const boxed = find("#frame-boxed");
  Object.assign(boxed.style, { background: primary, color: text });
  find("#frame-spoken b").style.color = seenOnInk(accent);
  boxed.dataset.typeface = typeface === "style" ? "sans" : typeface;
  for (const name of CARDS) showCard(name, { url, primary, text, accent, typeface });
  find("#frame-spoken").dataset.typeface = typeface === "style" ? "display" : typeface;
}

function showCard(name, { url, primary, text, accent, typeface }) {
  const card = find(`#card-${name}`);
  const words = find("p", card);
  const picture = find("img", card);
  words.textContent = find(`#${name}_text`).value.trim();
  words.dataset.long = String(words.textContent.length > LONG_CHARS);
  words.style.fontFamily = typeface === "sans" ? "var(--font-sans)" : "";
  picture.hidden = !url;
  if (url) picture.src = url;
  Object.assign(card.style, { background: primary, color: text });
  find("i", card).style.background = accent;
}

// -- logo ---------------------------------------------------------------------------------------------------------

function logoCard(url, name, onRemove) {
  return make("div", { class: "file-card" },
    make("div", { class: "file-card-head" },
      ...(url ? [make("img", { class: "brand-logo-shown", src: url, alt: "Your logo" })] : []),
      make("div", { class: "grow file-card-name truncate" }, name || "Logo"),
      make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Remove this logo", onclick: onRemove }, icon("trash"))));
}

function showLogo() {
  const { brand, waiting } = state;
  const slot = find("#logo-slot");
  slot.replaceChildren();
  find("#logo-dropzone").hidden = Boolean(brand.logo || waiting);
  if (waiting) {
    const question = consentRow(waiting, consent, useLogo);
    const drop = () => { state.waiting = null; showLogo(); find("#logo-file").focus(); request("DELETE", `/assets/${waiting.id}`).catch(() => {}); };
    slot.append(logoCard(waiting.url, waiting.name, drop), ...(question ? [question] : []));
  } else if (brand.logo) {
    slot.append(logoCard(brand.logo_url, brand.logo_name, removeLogo));
  }
  showFrame();
}

async function removeLogo() {
  if (!await keep({ logo: null }, find("#logo-feedback"))) return;
  showLogo();
  find("#logo-file").focus();
  announce("The logo is removed.");
}

/** Makes a file that was looked at, and about which all is stated, the logo. */
async function useLogo(asset) {
  state.waiting = asset;
  if (!isStated(asset)) {
    showLogo();
    return;
  }
  const isKept = await keep({ logo: asset.id }, find("#logo-feedback"));
  state.waiting = null;
  if (!isKept) request("DELETE", `/assets/${asset.id}`).catch(() => {});
  else announce("The logo is in place.");
  showLogo();
}

async function takeLogo(file) {
  const feedback = find("#logo-feedback");
  const looksRight = (one) => ["image/png", "image/webp"].includes(one.type) || (!one.type && /\.(png|webp)$/i.test(one.name));
  const early = refuseEarly(file, { maxBytes: logoBytes, looksRight, wrongType: WRONG_TYPE });
  if (early) {
    feedback.replaceChildren(notice("bad", early.sentence, early.nextStep));
    return;
  }
  const asset = await sendFile("picture", file, feedback);
  if (!asset) return;
  if (asset.state === "refused") {
    feedback.replaceChildren(notice("bad", asset.failure.sentence, asset.failure.next_step));
    return;
  }
  await useLogo(asset);
}

// -- colours and letters ------------------------------------------------------------------------------------------

function judgeColours() {
  const ratio = contrast(find("#text").value, find("#primary").value);
  const place = find("#colours-feedback");
  const words = `Contrast of text and main colour: ${ratio.toFixed(1)}.`;
  if (ratio < CONTRAST_LEAST) place.replaceChildren(notice("bad", `${words} Nobody can read that.`, "Make one of them lighter or darker; until then the colours are not kept."));
  else if (ratio < CONTRAST_GOOD) place.replaceChildren(notice("warn", words, `From ${CONTRAST_GOOD} on, words read well.`));
  else place.replaceChildren();
  return ratio >= CONTRAST_LEAST;
}

let timer = null;
function onColour() {
  showFrame();
  const isReadable = judgeColours();
  clearTimeout(timer);
  if (!isReadable) {
    said("Not saved");
    return;
  }
  timer = setTimeout(async () => {
    const changes = Object.fromEntries(COLOURS.map((name) => [name, find(`#${name}`).value]));
    if (await keep(changes, find("#colours-feedback"))) judgeColours();
  }, SAVE_AFTER_MS);
}

for (const name of COLOURS) {
  find(`#${name}`).value = state.brand[name];
  find(`#${name}`).addEventListener("input", onColour);
}
for (const radio of findAll("input[name=typeface]")) {
  radio.checked = radio.value === state.brand.typeface;
  radio.addEventListener("change", () => {
    showFrame();
    keep({ typeface: radio.value }, find("#colours-feedback"));
  });
}
let cardTimer = null;
for (const field of CARDS.flatMap((name) => [`${name}_text`, `${name}_s`])) {
  const input = find(`#${field}`);
  input.value = state.brand[field];
  input.addEventListener("input", () => {
    showFrame();
    clearTimeout(cardTimer);
    cardTimer = setTimeout(keepCards, SAVE_AFTER_MS);
  });
}

async function keepCards() {
  const changes = {};
  for (const name of CARDS) {
    changes[`${name}_text`] = find(`#${name}_text`).value;
    const length_s = find(`#${name}_s`).valueAsNumber;
    if (!(length_s >= 1 && length_s <= 5)) {
      find("#cards-feedback").replaceChildren(notice("bad", "A card stands for 1 to 5 seconds.", "Until then these cards are not kept."));
      said("Not saved");
      return;
    }
    changes[`${name}_s`] = length_s;
  }
  await keep(changes, find("#cards-feedback"));
}

// -- words ----------------------------------------------------------------------------------------------------------

const saidText = find("#said");
const plainText = (text) => text.normalize("NFC").trim().replace(/\s+/g, " ");

/** The lines of the list as entries, and what is the matter with the first one that cannot be kept. */
function readSaid() {
  const entries = [];
  for (const [at, line] of saidText.value.split("\n").entries()) {
    if (!line.trim()) continue;
    const cut = line.lastIndexOf("=");
    const entry = { word: plainText(line.slice(0, Math.max(cut, 0))), said: plainText(line.slice(cut + 1)) };
    const problem = cut < 0 ? "Write the word, “=”, and how it sounds." : entryProblem(entry);
    if (problem) return { problem: `Line ${at + 1}: ${problem}` };
    entries.push(entry);
  }
  return { entries };
}

saidText.value = state.brand.pronunciations.map(({ word, said: sound }) => `${word} = ${sound}`).join("\n");
saidText.addEventListener("change", () => {
  const { entries, problem } = readSaid();
  const place = find("#said-feedback");
  if (problem) {
    place.replaceChildren(notice("bad", problem, "Until then the list is not kept."));
    said("Not saved");
  } else keep({ pronunciations: entries }, place);
});

find("#logo-file").addEventListener("change", ({ target }) => {
  if (target.files[0]) takeLogo(target.files[0]);
  target.value = "";
});
showLogo();
judgeColours();
document.documentElement.dataset.ready = "true";
