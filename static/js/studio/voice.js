// Step 2: what is heard. Typed, uploaded or recorded; the chosen tab decides which one speaks.
import { untilChecked } from "../api.js";
import { announce, clockTime, fileSize, find, findAll, icon, make, notice, tabs } from "../ui.js";
import { startActing } from "./acting.js";
import { consentRow, isStated } from "./consent.js";
import { wireRange } from "./controls.js";
import { looksLikeSound } from "./dropping.js";
import { startRecorder } from "./recorder.js";
import { careFields, heardPart, isCare, takePart, wholeAgain } from "./recording_care.js";
import { startScript } from "./script.js";
import { trimHandles } from "./trim.js";
import { refuseEarly, sendFile } from "./uploading.js";
import { drawWave, peaksOf } from "./wave.js";

const WRONG_TYPE = { sentence: "is not a sound.", nextStep: "Choose a recording (MP3, WAV, M4A, OGG, FLAC, WebM), or a video whose sound should be used." };

const EDGE_S = 1.5; // so much is played when an edge was moved

// What each tab means for the project.
const MEANINGS = {
  "panel-script": { moved_by: "voice", voice_source: "script" },
  "panel-upload": { moved_by: "voice", voice_source: "audio" },
  "panel-record": { moved_by: "voice", voice_source: "audio" },
  "panel-lines": { voice_source: "lines" },
  "panel-clip": { moved_by: "clip" },
  "panel-idle": { moved_by: "idle" },
};

/** What a tab changes; a setting that is null is none of this kind of project's. */
const differing = (wanted, project) => Object.fromEntries(Object.entries(wanted).filter(([name, value]) => project[name] !== null && project[name] !== value));
const fits = (panel, project) => !Object.keys(differing(MEANINGS[panel], project)).length;
const panelFor = (project) => Object.keys(MEANINGS).find((panel) => fits(panel, project));

export function startVoice(store) {
  const badge = find("#voice-badge");
  const feedback = find("#voice-feedback");
  const slots = findAll("[data-voice-slot]");
  const picker = find("#voice-file");
  let panel = "panel-script";
  let turn = 0;
  let player = null;
  let care = null;

  const tabList = tabs(find("#voice-tabs"), (chosen) => {
    panel = chosen;
    const changes = differing(MEANINGS[chosen], store.project);
    if (Object.keys(changes).length) store.set(changes);
    feedback.replaceChildren();
    showVoice();
  });

  const slot = () => slots.find((element) => element.closest("[role=tabpanel]").id === panel);

  const showBadge = () => {
    const { voice, clip, voice_source: source, moved_by: mover } = store.project;
    const file = mover === "clip" ? clip : mover !== "idle" && source === "audio" ? voice : null;
    const look = file ? {
      checking: ["badge badge-info badge-live", mover === "clip" ? "Watching" : "Listening"],
      ready: ["badge badge-good", "Ready"],
      refused: ["badge badge-bad", mover === "clip" ? "Needs another video" : "Needs another recording"],
    }[file.state] : null;
    badge.hidden = !look;
    if (!look) return;
    [badge.className, badge.textContent] = file.state === "ready" && !isStated(file) ? ["badge badge-warn", "One question"] : look;
  };

  const showVoice = () => {
    player?.stop();
    player = care = null;
    slots.forEach((element) => element.replaceChildren());
    const { voice } = store.project;
    if (!voice || !slot()) return;
    if (voice.state === "refused") {
      slot().replaceChildren(notice("bad", voice.failure.sentence, voice.failure.next_step));
      return;
    }
    player = voiceCard(voice, { onRemove: () => store.set({ voice: null, ...wholeAgain(store.project) }), part: () => heardPart(store.project), take: (from, until) => takePart(store, from, until) });
    care = voice.state === "ready" ? careFields(store, () => player?.show()) : null;
    const consent = consentRow(voice, store.consent, (asset) => store.project.voice?.id === asset.id && store.learn({ voice: asset }));
    slot().replaceChildren(player.element, ...(care ? [care.element] : []), ...warningsOf(voice), ...(consent ? [consent] : []));
  };

  const refresh = () => {
    showBadge();
    showVoice();
  };

  const take = async (file) => {
    if (!slot()) tabList.select("panel-upload");
    const mine = ++turn;
    const early = refuseEarly(file, { maxBytes: store.limits.upload_bytes, looksRight: looksLikeSound, wrongType: WRONG_TYPE });
    if (early) {
      feedback.replaceChildren(notice("bad", early.sentence, early.nextStep));
      return false;
    }
    const asset = await sendFile("voice", file, feedback, {
      checkingWords: "Listening to it…",
      onStored: (stored) => mine === turn && store.set({ voice: stored, ...wholeAgain(store.project), ...differing(MEANINGS["panel-upload"], store.project) }),
    });
    if (mine !== turn || !asset) return false;
    store.learn({ voice: asset });
    announce(asset.state === "ready" ? "The recording is ready." : `${asset.failure.sentence} ${asset.failure.next_step}`);
    return asset.state === "ready";
  };

  const follow = async () => {
    const { voice } = store.project;
    if (voice?.state !== "checking") return;
    store.learn({ voice: await untilChecked(voice.id) });
  };

  picker.addEventListener("change", () => {
    if (picker.files[0]) take(picker.files[0]);
    picker.value = "";
  });
  const zone = find("#voice-dropzone");
  for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(name, () => { zone.dataset.over = String(over); });
  }
  const showPanel = () => {
    if (fits(panel, store.project)) return;
    panel = panelFor(store.project);
    tabList.select(panel, { quiet: true });
  };
  store.addEventListener("change", ({ detail }) => {
    if (isCare(detail)) care?.show();
    if (!["voice", "clip", "voice_source", "moved_by"].some((name) => detail.includes(name))) return;
    showPanel();
    refresh();
  });

  startScript(store);
  startRecorder(find("#recorder"), { limit_s: store.limits.render_s, onTake: take });
  const acting = find("#panel-clip") ? startActing(store) : null; // a dub has nothing to act: its clip is there already
  if (find("#idle_s")) wireRange(store, "idle_s", find("#idle_s"), (value) => `${value} s`);
  showPanel();
  refresh();
  follow().catch(() => {});
  return { take: (file) => (panel === "panel-clip" && acting?.isVideo(file) ? acting.take(file) : take(file)) };
}

function warningsOf(voice) {
  return (voice.preflight?.warnings ?? []).map((warning) => notice("warn", warning.sentence, warning.next_step ?? ""));
}

/** A recording with its waveform: a press plays it from there, and its two handles say which part is heard. */
function voiceCard(voice, { onRemove, part, take }) {
  const audio = new Audio(voice.url);
  audio.preload = "metadata";
  const canvas = make("canvas", {});
  const wave = make("button", { class: "wave", type: "button", "aria-label": `Play ${voice.name || "the recording"}` }, canvas);
  const facts = make("span", { class: "file-card-facts tabular" }, [voice.duration_s ? clockTime(voice.duration_s) : null, fileSize(voice.size_bytes)].filter(Boolean).join(" · "));
  const play = make("button", { class: "button button-outline button-small button-icon", type: "button", "aria-label": "Play" }, icon("play"));
  const remove = make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Remove this recording", onclick: onRemove }, icon("trash"));
  let peaks = null;
  let looked = null; // a part that is only shown, while a handle is dragged
  let stopAt_s = null; // what is played to hear an edge ends here
  const draw = () => {
    const shown = looked ?? part();
    handles?.show(shown);
    if (peaks) drawWave(canvas, peaks, audio.duration ? audio.currentTime / audio.duration : 0, voice.duration_s ? shown.map((at_s) => at_s / voice.duration_s) : [0, 1]);
  };
  const hear = (edge) => {
    const [from, until] = part();
    audio.currentTime = edge === "start" ? from : Math.max(from, until - EDGE_S);
    stopAt_s = edge === "start" ? Math.min(from + EDGE_S, until) : until;
    audio.play().catch(() => {});
  };
  const onLook = (asked) => {
    looked = asked;
    draw();
  };
  const isTrimmable = voice.state === "ready" && voice.duration_s;
  const handles = isTrimmable ? trimHandles(wave, { whole_s: voice.duration_s, part, take }, { onLook, hear }) : null;
  const toggle = () => {
    stopAt_s = null;
    if (!audio.paused) return audio.pause();
    const [from, until] = part();
    if (until > from && (audio.currentTime < from || audio.currentTime >= until - 0.05)) audio.currentTime = from;
    return audio.play().catch(() => {});
  };
  const showState = () => {
    play.replaceChildren(icon(audio.paused ? "play" : "pause"));
    play.setAttribute("aria-label", audio.paused ? "Play" : "Pause");
    draw();
  };
  for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, showState);
  audio.addEventListener("timeupdate", () => {
    const stop_s = stopAt_s ?? part()[1];
    if (!audio.paused && voice.duration_s && audio.currentTime >= stop_s && stop_s < voice.duration_s) audio.pause();
    draw();
  });
  play.addEventListener("click", toggle);
  wave.addEventListener("click", (event) => {
    if (event.detail > 0 && audio.duration) audio.currentTime = (event.offsetX / wave.clientWidth) * audio.duration;
    if (audio.paused || event.detail === 0) toggle();
  });
  peaksOf(voice.url).then((found) => { peaks = found; draw(); }).catch(() => (handles?.element ?? wave).remove());
  const element = make("div", { class: "file-card" },
    make("div", { class: "file-card-head" }, play, make("div", { class: "grow" }, make("div", { class: "file-card-name truncate" }, voice.name || "Recording"), facts), remove),
    handles?.element ?? wave);
  return { element, stop: () => audio.pause(), show: draw };
}
