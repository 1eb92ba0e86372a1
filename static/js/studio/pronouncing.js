// "Say it like…": words that the voice says as they are spelled here. Select one in the script, and add it.
import { request } from "../api.js";
import { watchJob } from "../jobs.js";
import { announce, find, findAll, icon, make, notice } from "../ui.js";

const MOST = 200;
const WORD_MAX = 60;
const SAID_MAX = 120;

const plain = (text) => text.normalize("NFC").trim().replace(/\s+/g, " ");
const hasSound = (text) => /[\p{L}\p{N}]/u.test(text);

/** What is the matter with an entry, in words; empty when it can be kept. As on the server. */
export function entryProblem({ word, said }) {
  if (!word || word.length > WORD_MAX) return `Give a word or a name of at most ${WORD_MAX} characters.`;
  if (!hasSound(word) || !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(word) || /[<>[\]{}]/.test(word)) return "The word needs a letter or a digit, and no brackets.";
  if (!hasSound(said)) return "Spell how it sounds, for example “lip smith”.";
  if (!/^[\p{L}\p{M}\p{N} \-'’·,]+$/u.test(said)) return "Spell it with letters, digits, spaces, commas, hyphens and apostrophes.";
  return "";
}

/** The words of the list that a text has, as an order names them: what is heard depends on no others. */
export function spelledIn(text, entries) {
  const read = plain(text).toLowerCase();
  return (entries ?? []).filter(({ word }) => read.includes(word.toLowerCase()));
}

/** The list with other entries put in, in place of those for the same words. */
export function withEntries(entries, others) {
  const words = new Set(others.map(({ word }) => word.toLowerCase()));
  return [...(entries ?? []).filter(({ word }) => !words.has(word.toLowerCase())), ...others];
}

/** The word or name that is selected in a text field, else nothing. */
function selectedWord(field) {
  const chosen = plain(field.value.slice(field.selectionStart, field.selectionEnd));
  return chosen.length <= WORD_MAX ? chosen.replace(/^[\p{P}]+|[\p{P}]+$/gu, "") : "";
}

export function startPronouncing(store) {
  const group = find("#pronouncing");
  const list = find("#pronouncing-list");
  const feedback = find("#pronouncing-feedback");
  const add = find("#pronouncing-add");
  const script = find("#script");
  let kept = JSON.stringify(store.project.pronunciations);

  const rows = () => findAll(".said-row", list).map((row) => row.entry());
  const isTyped = () => store.project.voice_source !== "audio" && (store.project.moved_by ?? "voice") === "voice";

  const showFacts = () => {
    const count = store.project.pronunciations.length;
    group.hidden = !isTyped();
    find("#pronouncing-facts").textContent = count ? `${count} ${count === 1 ? "word" : "words"}` : "none";
    add.disabled = rows().length >= MOST;
  };
  const keep = () => {
    const good = rows().filter((entry) => !entryProblem(entry)).reduce((found, entry) => withEntries(found, [entry]), []);
    const text = JSON.stringify(good);
    if (text === kept) return;
    kept = text;
    store.set({ pronunciations: good });
  };
  const voiceOf = () => ({ voice: store.project.script_voice, rate: store.project.script_rate, pitch: store.project.script_pitch });

  const addRow = (entry) => {
    const row = entryRow(entry, { keep, feedback, voiceOf, remove: () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      keep();
      showFacts();
      announce("Removed.");
      (next?.querySelector("input") ?? add).focus();
    } });
    list.append(row);
    return row;
  };
  const showAll = () => {
    list.replaceChildren();
    store.project.pronunciations.forEach(addRow);
    showFacts();
  };

  add.addEventListener("click", () => {
    const word = selectedWord(script);
    const row = addRow({ word, said: "" });
    showFacts();
    row.querySelector(word ? "input[name=said]" : "input[name=word]").focus();
  });
  store.addEventListener("change", ({ detail }) => {
    if (detail.includes("pronunciations") && JSON.stringify(store.project.pronunciations) !== kept) {
      kept = JSON.stringify(store.project.pronunciations);
      showAll();
    }
    showFacts();
  });
  showAll();
}

function entryRow({ word, said }, { keep, remove, feedback, voiceOf }) {
  const field = (name, value, label, placeholder, most) => make("input", { class: "input", name, value, dir: "auto", maxLength: most, autocomplete: "off", spellcheck: "false", "aria-label": label, placeholder });
  const written = field("word", word, "Word", "Lipsmith", WORD_MAX);
  const spoken = field("said", said, "Say it like", "lip smith", SAID_MAX);
  const hear = make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Listen to this word" }, icon("volume"));
  const off = make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Remove this word", onclick: remove }, icon("trash"));
  const problem = make("span", { class: "field-error said-problem", "aria-live": "polite" });
  const row = make("li", { class: "said-row" }, written, spoken, hear, off, problem);
  row.entry = () => ({ word: plain(written.value), said: plain(spoken.value) });
  const judge = () => {
    const entry = row.entry();
    const found = entry.word && entry.said ? entryProblem(entry) : "";
    problem.textContent = found;
    spoken.setAttribute("aria-invalid", String(Boolean(found)));
    hear.disabled = Boolean(entryProblem(entry));
  };
  for (const input of [written, spoken]) {
    input.addEventListener("input", judge);
    input.addEventListener("change", keep);
  }
  hear.addEventListener("click", () => listen(row.entry(), voiceOf(), hear, feedback));
  judge();
  return row;
}

async function listen(entry, voice, button, feedback) {
  feedback.replaceChildren();
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    const job = await request("POST", "/speech", { text: entry.word, ...voice, pronunciations: [entry] });
    const done = await new Promise((resolve) => { watchJob(job.id, (message) => message.type === "done" && resolve(message)); });
    if (done.state !== "succeeded") throw { sentence: done.failure.sentence, nextStep: done.failure.next_step };
    await new Audio(done.output_url).play();
  } catch (problem) {
    feedback.replaceChildren(notice("bad", problem.sentence ?? "That could not be spoken.", problem.nextStep ?? "Press Listen again."));
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}
