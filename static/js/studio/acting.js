// A clip of somebody's face that moves the photo: chosen or acted before the webcam, looked at, with its sound or not.
import { request, untilChecked } from "../api.js";
import { announce, clockTime, fileSize, find, findAll, icon, make, notice } from "../ui.js";
import { consentRow } from "./consent.js";
import { wireRadios } from "./controls.js";
import { refuseEarly, sendFile } from "./uploading.js";
import { startWebcam } from "./webcam.js";

const VIDEO_NAMES = /\.(mp4|m4v|mov|webm|mkv|avi)$/i;
const WRONG_TYPE = { sentence: "is not a video.", nextStep: "Choose a video in which a face is seen (MP4, MOV, WebM)." };
const SOUND_WORDS = {
  clip: "The photo speaks with the video’s own sound.",
  voice: "The photo speaks with the recording from Upload or Record, while the video moves it.",
  none: "The video stays silent.",
};

export function startActing(store) {
  const slot = find("#clip-slot");
  const feedback = find("#clip-feedback");
  const picker = find("#clip-file");
  let turn = 0;

  const isVideo = (file) => file.type.startsWith("video/") || (!file.type && VIDEO_NAMES.test(file.name));

  const show = () => {
    const { clip } = store.project;
    find("#clip-sound-field").hidden = !clip || clip.state === "refused";
    showSound(store);
    if (!clip || clip.state === "checking") {
      slot.replaceChildren();
      return;
    }
    if (clip.state === "refused") {
      slot.replaceChildren(notice("bad", clip.failure.sentence, clip.failure.next_step));
      return;
    }
    const consent = consentRow(clip, store.consent, (asset) => store.project.clip?.id === asset.id && store.learn({ clip: asset }));
    slot.replaceChildren(clipCard(clip, () => store.set({ clip: null })), ...warningsOf(clip), ...(consent ? [consent] : []));
  };

  const take = async (file) => {
    const mine = ++turn;
    const early = refuseEarly(file, { maxBytes: store.limits.upload_bytes, looksRight: isVideo, wrongType: WRONG_TYPE });
    if (early) {
      feedback.replaceChildren(notice("bad", early.sentence, early.nextStep));
      return false;
    }
    const asset = await sendFile("clip", file, feedback, {
      checkingWords: "Looking for the face…",
      onStored: (stored) => mine === turn && store.set({ clip: stored, moved_by: "clip" }),
    });
    if (mine !== turn || !asset) return false;
    store.learn({ clip: asset });
    announce(asset.state === "ready" ? "The video is ready." : `${asset.failure.sentence} ${asset.failure.next_step}`);
    return asset.state === "ready";
  };

  picker.addEventListener("change", () => {
    if (picker.files[0]) take(picker.files[0]);
    picker.value = "";
  });
  startWebcam(find("#clip-record"), find("#clip-recorder"), { limit_s: store.limits.render_s, onTake: take });
  wireRadios(store, "clip_sound");
  store.addEventListener("change", ({ detail }) => {
    if (["clip", "voice", "clip_sound"].some((name) => detail.includes(name))) show();
  });
  show();
  if (store.project.clip?.state === "checking") {
    untilChecked(store.project.clip.id).then((asset) => store.project.clip?.id === asset.id && store.learn({ clip: asset })).catch(() => {});
  }
  return { take, isVideo };
}

function showSound(store) {
  const { clip, clip_sound: sound } = store.project;
  const silent = (clip?.preflight?.warnings ?? []).some(({ code }) => code === "no_sound");
  for (const radio of findAll('input[name="clip_sound"]')) if (radio.value === "clip") radio.disabled = silent;
  find("#clip-sound-hint").textContent = silent && sound === "clip" ? "This video has no sound, so the result will be silent too." : SOUND_WORDS[sound];
}

// What matters only when the clip itself is dubbed, not when it drives a photo.
const ONLY_FOR_DUBS = new Set(["face_away", "face_turned", "mouth_covered", "lips_never_close", "mouth_never_opens", "several_people", "shot_cuts"]);

function warningsOf(clip) {
  return (clip.preflight?.warnings ?? []).filter(({ code }) => !ONLY_FOR_DUBS.has(code)).map((warning) => notice("warn", warning.sentence, warning.next_step ?? ""));
}

function clipCard(clip, onRemove) {
  const video = make("video", { class: "clip-view", controls: true, playsInline: true, preload: "metadata", src: clip.url, "aria-label": clip.name || "The video that moves the photo" });
  video.addEventListener("error", async () => { // links last an hour; a page may stay open longer
    if (video.dataset.renewed) return;
    video.dataset.renewed = "true";
    const fresh = await request("GET", `/assets/${clip.id}`).catch(() => null);
    if (fresh?.url) video.src = fresh.url;
  });
  const facts = [clip.duration_s ? clockTime(clip.duration_s) : null, clip.width_px ? `${clip.width_px} × ${clip.height_px}` : null, fileSize(clip.size_bytes)];
  return make("div", { class: "file-card" },
    make("div", { class: "file-card-head" }, icon("film"),
      make("div", { class: "grow" }, make("div", { class: "file-card-name truncate" }, clip.name || "Video"), make("span", { class: "file-card-facts tabular" }, facts.filter(Boolean).join(" · "))),
      make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Remove this video", onclick: onRemove }, icon("trash"))),
    video);
}
