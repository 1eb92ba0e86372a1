// Music under what is said: the piece, whether it may be used, how loud it is and how far it steps back.
import { untilChecked } from "../api.js";
import { announce, clockTime, fileSize, find, icon, make, notice } from "../ui.js";
import { consentRow, isStated } from "./consent.js";
import { wireRange } from "./controls.js";
import { looksLikeSound } from "./dropping.js";
import { refuseEarly, sendFile } from "./uploading.js";

const WRONG_TYPE = { sentence: "is not a sound.", nextStep: "Choose a piece of music: MP3, WAV, M4A, OGG or FLAC." };
const percent = (value) => (value ? `${Math.round(value * 100)} %` : "off");
const seconds = (value) => `${value} s`;

/** What is said in the folded group's head. */
export function musicFacts({ music, music_volume: volume }) {
  if (!music) return "none";
  if (music.state === "refused") return "cannot be used";
  if (music.state !== "ready") return "listening…";
  if (!isStated(music)) return "one question";
  return volume ? `${percent(volume)} as loud as the voice` : "silent";
}

export function startMusic(store) {
  const slot = find("#music-slot");
  const feedback = find("#music-feedback");
  const picker = find("#music-file");
  const loops = find("#music_loops");
  let turn = 0;

  const show = () => {
    const { music } = store.project;
    find("#music-facts").textContent = musicFacts(store.project);
    find("#music-dropzone").hidden = Boolean(music);
    find("#music-settings").hidden = music?.state !== "ready";
    loops.checked = store.project.music_loops;
  };
  const showFile = () => {
    slot.querySelector("audio")?.pause();
    slot.replaceChildren();
    const { music } = store.project;
    if (!music) return;
    const refused = music.state === "refused" ? [notice("bad", music.failure.sentence, music.failure.next_step)] : [];
    const consent = consentRow(music, store.consent, (asset) => store.project.music?.id === asset.id && store.learn({ music: asset }));
    slot.append(musicCard(music, () => { store.set({ music: null }); picker.focus(); }), ...refused, ...(consent ? [consent] : []));
  };

  const take = async (file) => {
    const mine = ++turn;
    const early = refuseEarly(file, { maxBytes: store.limits.upload_bytes, looksRight: looksLikeSound, wrongType: WRONG_TYPE });
    if (early) {
      feedback.replaceChildren(notice("bad", early.sentence, early.nextStep));
      return;
    }
    const asset = await sendFile("music", file, feedback, {
      checkingWords: "Listening to it…",
      onStored: (stored) => mine === turn && store.set({ music: stored }),
    });
    if (mine !== turn || !asset || store.project.music?.id !== asset.id) return;
    store.learn({ music: asset });
    announce(asset.state === "ready" ? "The music is ready." : `${asset.failure.sentence} ${asset.failure.next_step}`);
  };

  picker.addEventListener("change", () => {
    if (picker.files[0]) take(picker.files[0]);
    picker.value = "";
  });
  loops.addEventListener("change", () => store.set({ music_loops: loops.checked }));
  wireRange(store, "music_volume", find("#music_volume"), percent);
  wireRange(store, "music_ducking", find("#music_ducking"), percent);
  wireRange(store, "music_fade_in_s", find("#music_fade_in_s"), seconds);
  wireRange(store, "music_fade_out_s", find("#music_fade_out_s"), seconds);
  store.addEventListener("change", ({ detail }) => {
    if (detail.includes("music")) showFile();
    if (detail.some((name) => name.startsWith("music"))) show();
  });
  showFile();
  show();
  if (store.project.music?.state === "checking") {
    untilChecked(store.project.music.id).then((music) => store.project.music?.id === music.id && store.learn({ music })).catch(() => {});
  }
}

function musicCard(music, onRemove) {
  const facts = [music.duration_s ? clockTime(music.duration_s) : null, fileSize(music.size_bytes)].filter(Boolean).join(" · ");
  const audio = music.url ? [make("audio", { class: "music-audio", controls: "", preload: "metadata", src: music.url, "aria-label": `Listen to ${music.name || "the music"}` })] : [];
  return make("div", { class: "file-card" },
    make("div", { class: "file-card-head" },
      make("div", { class: "grow" }, make("div", { class: "file-card-name truncate" }, music.name || "Music"), make("span", { class: "file-card-facts tabular" }, facts)),
      make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Remove this music", onclick: onRemove }, icon("trash"))),
    ...audio);
}
