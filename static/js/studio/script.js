// Typing a script: which voice says it, how fast, how high, and listening to it before rendering.
import { request } from "../api.js";
import { watchJob } from "../jobs.js";
import { clockTime, find, icon, make, notice } from "../ui.js";
import { wireRange } from "./controls.js";
import { spelledIn } from "./pronouncing.js";

const CHARS_PER_SECOND = 14.5;
const BUILT_IN = "espeak-ng";
const GENDERS = { female: "woman", male: "man" };

/** "English (United States)" -> "English" */
const baseLanguage = (voice) => voice.language_name.replace(/ \(.*\)$/, "");

/** What tells a voice from the others of its language: "Woman, United States": what matters most comes first, for a narrow list. */
function voiceName(voice) {
  if (voice.engine !== BUILT_IN) return voice.name;
  const variant = voice.language_name.match(/\((.*)\)$/)?.[1];
  const words = [GENDERS[voice.gender], variant].filter(Boolean).join(", ") || voice.name;
  return words[0].toUpperCase() + words.slice(1);
}

// How many Latin letters take as long to say: some scripts write no vowels, in others a sign is a syllable.
const LETTERS_IN_SIGN = [
  [0x0591, 0x05c7, 0], [0x064b, 0x065f, 0], [0x0590, 0x05ff, 1.2], [0x0600, 0x077f, 1.45], [0x0900, 0x0aff, 1.2], [0x0e00, 0x0eff, 1.6],
  [0x1000, 0x109f, 1.6], [0x3040, 0x30ff, 2.1], [0x3400, 0x9fff, 4.4], [0x20000, 0x3ffff, 4.4], [0x2e80, 0x10ffff, 2.6],
];
const lettersIn = (code) => LETTERS_IN_SIGN.find(([first, last]) => first <= code && code <= last)?.[2] ?? 1;

/** About how long the script takes to say, in seconds. The same sum as on the server. */
export function spokenSeconds(script, rate) {
  let letters = 0;
  for (const char of script.trim()) letters += lettersIn(char.codePointAt(0));
  return letters / CHARS_PER_SECOND / Math.max(rate, 0.1);
}

export function startScript(store) {
  const text = find("#script");
  wireText(store, text);
  wireVoices(store);
  wireRange(store, "script_rate", find("#script-rate"), (value) => `${value.toFixed(2).replace(/0$/, "")}×`);
  wireRange(store, "script_pitch", find("#script-pitch"), (value) => `${value.toFixed(2).replace(/0$/, "")}×`);
  wireListening(store);
}

function wireText(store, text) {
  const count = find("#script-count");
  const show = () => {
    const seconds = spokenSeconds(text.value, store.project.script_rate);
    const tooLong = seconds > store.limits.render_s * 1.1;
    count.textContent = text.value.trim() ? `about ${clockTime(seconds)} of ${clockTime(store.limits.render_s)}` : `up to ${clockTime(store.limits.render_s)} of speech`;
    count.classList.toggle("field-error", tooLong);
    text.setAttribute("aria-invalid", String(tooLong));
    find("#script-problem").textContent = tooLong ? "This will probably be cut off: shorten it or make it faster." : "";
  };
  text.addEventListener("input", () => {
    store.set({ script: text.value });
    show();
  });
  store.addEventListener("change", ({ detail }) => {
    if (detail.includes("script") && text.value !== store.project.script) text.value = store.project.script;
    show();
  });
  show();
}

async function wireVoices(store) {
  const language = find("#language");
  const voice = find("#script-voice");
  let voices = [];

  const fillVoices = () => {
    const fitting = voices.filter((one) => baseLanguage(one) === language.value);
    const option = (one) => make("option", { value: one.id }, voiceName(one));
    const own = fitting.filter((one) => one.engine !== BUILT_IN);
    const builtIn = fitting.filter((one) => one.engine === BUILT_IN);
    if (own.length && builtIn.length) {
      voice.replaceChildren(
        make("optgroup", { label: "Natural voices" }, ...own.map(option)),
        make("optgroup", { label: "Built-in voices" }, ...builtIn.map(option)));
    } else {
      voice.replaceChildren(...fitting.map(option));
    }
  };
  const showChosen = () => {
    const chosen = voices.find((one) => one.id === store.project.script_voice) ?? voices[0];
    if (!chosen) return;
    language.value = baseLanguage(chosen);
    fillVoices();
    voice.value = chosen.id;
    if (chosen.id !== store.project.script_voice) store.set({ script_voice: chosen.id }, { keep: false });
  };

  language.addEventListener("change", () => {
    fillVoices();
    store.set({ script_voice: voice.value });
  });
  voice.addEventListener("change", () => store.set({ script_voice: voice.value }));
  store.addEventListener("change", ({ detail }) => detail.includes("script_voice") && voices.length && voice.value !== store.project.script_voice && showChosen());

  voices = store.limits.voices;
  while (!voices.length) {
    language.replaceChildren(make("option", {}, "Voices are on their way…"));
    voice.replaceChildren(make("option", {}, "…"));
    language.disabled = voice.disabled = true;
    await new Promise((resolve) => { setTimeout(resolve, 2000); });
    voices = await request("GET", "/voices").catch(() => []);
  }
  language.disabled = voice.disabled = false;
  const names = [...new Set(voices.map(baseLanguage))].sort((a, b) => a.localeCompare(b));
  language.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
  showChosen();
}

/** "Listen": a spoken preview, made once per wording and voice. */
function wireListening(store) {
  const button = find("#listen");
  const bar = find("#listen-progress");
  const time = find("#listen-time");
  const feedback = find("#listen-feedback");
  const made = new Map();
  let audio = null;
  let stopWatching = null;

  const show = (name, words) => button.replaceChildren(name ? icon(name) : make("span", { class: "spinner" }), make("span", {}, words));
  const idle = () => {
    show("volume", "Listen");
    bar.hidden = true;
    time.textContent = "";
  };
  const stop = () => {
    audio?.pause();
    audio = null;
    stopWatching?.();
    stopWatching = null;
    idle();
  };
  const fail = ({ sentence, nextStep }) => {
    stop();
    feedback.replaceChildren(notice("bad", sentence, nextStep));
  };
  const play = (url) => {
    audio = new Audio(url);
    show("stop", "Stop");
    bar.hidden = false;
    audio.addEventListener("timeupdate", () => {
      if (!audio?.duration) return;
      bar.value = audio.currentTime / audio.duration;
      time.textContent = `${clockTime(audio.currentTime)} / ${clockTime(audio.duration)}`;
    });
    audio.addEventListener("ended", stop);
    audio.addEventListener("error", () => fail({ sentence: "The preview could not be played.", nextStep: "Press Listen again." }));
    audio.play().catch(() => stop());
  };

  button.addEventListener("click", async () => {
    if (audio || stopWatching) {
      stop();
      return;
    }
    feedback.replaceChildren();
    const { script, script_voice: voice, script_rate: rate, script_pitch: pitch } = store.project;
    const pronunciations = spelledIn(script, store.project.pronunciations);
    const key = JSON.stringify([script, voice, rate, pitch, pronunciations]);
    if (made.has(key)) {
      play(made.get(key));
      return;
    }
    show(null, "Preparing…");
    stopWatching = () => {};
    try {
      const job = await request("POST", "/speech", { text: script, voice, rate, pitch, pronunciations });
      if (!stopWatching) return;
      stopWatching = watchJob(job.id, (message) => {
        if (message.type !== "done") return;
        stopWatching = null;
        if (message.state !== "succeeded") {
          fail({ sentence: message.failure.sentence, nextStep: message.failure.next_step });
          return;
        }
        made.set(key, message.output_url);
        play(message.output_url);
      });
    } catch (problem) {
      fail(problem);
    }
  });
  store.addEventListener("change", ({ detail }) => {
    if (detail.some((name) => name.startsWith("script") || name === "pronunciations")) {
      feedback.replaceChildren();
      if (audio) stop();
    }
  });
}
