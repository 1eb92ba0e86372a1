// Step 1 of a dub: the clip, what was found in it, and who should speak.
import { untilChecked, untilMeasured } from "../api.js";
import { announce, clockTime, fileSize, find, icon, make, notice } from "../ui.js";
import { consentRow, isStated } from "./consent.js";
import { looksLikeVideo } from "./dropping.js";
import { clipFindings } from "./source.js";
import { refuseEarly, sendFile } from "./uploading.js";

const WRONG_TYPE = { sentence: "is not a video.", nextStep: "Choose an MP4, MOV, WebM or MKV file." };
const LOOKING = "Looking for faces…";

export function startClip(store, stage) {
  const feedback = find("#source-feedback");
  const people = find("#source-people");
  const badge = find("#source-badge");
  const picker = find("#source-file");
  let turn = 0; // only the latest choice may change the page
  let measuring = null; // the clip that is being measured, and how to stop waiting for it

  const showBadge = () => {
    const { clip } = store.project;
    const look = {
      checking: ["badge badge-info badge-live", "Looking at it"],
      ready: ["badge badge-good", "Ready"],
      refused: ["badge badge-bad", "Needs another clip"],
    }[clip?.state];
    badge.hidden = !look;
    if (!look) return;
    const unclear = clip.state === "ready" && clipFindings(store.project).blocking;
    const unsaid = clip.state === "ready" && !isStated(clip);
    badge.className = unclear || unsaid ? "badge badge-warn" : look[0];
    badge.textContent = unclear ? "Choose a person" : unsaid ? "One question" : look[1];
  };

  const showFindings = () => {
    const { clip } = store.project;
    find("#source-zone-title").textContent = clip ? "Drop another video here" : "Drop a video here";
    people.replaceChildren();
    if (!clip || clip.state === "checking") return;
    if (clip.state === "refused") {
      feedback.replaceChildren(notice("bad", clip.failure.sentence, clip.failure.next_step));
      return;
    }
    feedback.replaceChildren();
    showSeen();
    const consent = consentRow(clip, store.consent, (asset) => store.project.clip?.id === asset.id && store.learn({ clip: asset }));
    if (consent) feedback.append(consent);
  };

  /** Who is in the clip and what to know of it; what is being stated below stays as it is. */
  const showSeen = () => {
    const found = clipFindings(store.project);
    people.replaceChildren(fileCard(store.project.clip));
    if (found.people.length > 1) people.append(choice(store, found));
    for (const old of feedback.querySelectorAll(":scope > .notice")) old.remove();
    feedback.prepend(...found.notices.map((one) => notice(one.kind, one.sentence, one.nextStep)));
  };

  const refresh = () => {
    showBadge();
    showFindings();
    awaitMeasurement();
  };

  /** The first look is at a few moments only; what every frame says comes later, and quietly. */
  const awaitMeasurement = async () => {
    const { clip } = store.project;
    const wanted = clip?.state === "ready" && clip.preflight?.estimated ? clip.id : null;
    if (measuring?.id === wanted) return;
    measuring?.stop.abort();
    measuring = wanted && { id: wanted, stop: new AbortController() };
    if (!measuring) return;
    const measured = await untilMeasured(wanted, { signal: measuring.stop.signal });
    if (!measured || store.project.clip?.id !== wanted) return;
    store.correct("clip", { preflight: measured.preflight });
    showBadge();
    showSeen();
  };

  const announceFindings = () => {
    const { clip } = store.project;
    const { length } = clipFindings(store.project).people;
    announce(clip.state === "ready" ? `The clip is ready. ${length > 1 ? `${length} people found.` : ""}` : `${clip.failure.sentence} ${clip.failure.next_step}`);
  };

  const follow = async (mine) => {
    const { clip } = store.project;
    if (clip?.state !== "checking") return;
    feedback.replaceChildren(make("p", { class: "field-hint row" }, make("span", { class: "spinner" }), LOOKING));
    try {
      const asset = await untilChecked(clip.id);
      if (mine !== turn) return;
      store.learn({ clip: asset });
      announceFindings();
    } catch (problem) {
      if (mine === turn) feedback.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
    }
  };

  const take = async (file) => {
    const mine = ++turn;
    stage.show("portrait");
    const early = refuseEarly(file, { maxBytes: store.limits.upload_bytes, looksRight: looksLikeVideo, wrongType: WRONG_TYPE });
    if (early) {
      feedback.replaceChildren(notice("bad", early.sentence, early.nextStep));
      return;
    }
    const asset = await sendFile("clip", file, feedback, {
      checkingWords: LOOKING,
      onStored: (stored) => mine === turn && store.set({ clip: stored, face_index: null }),
    });
    if (mine !== turn) return;
    if (!asset) {
      if (!feedback.childElementCount) refresh(); // stopped; a refusal stays in view beside the clip that is kept
      return;
    }
    store.learn({ clip: asset });
    announceFindings();
  };

  picker.addEventListener("change", () => {
    if (picker.files[0]) take(picker.files[0]);
    picker.value = "";
  });
  const zone = find("#source-zone");
  for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    zone.addEventListener(name, () => { zone.dataset.over = String(over); });
  }
  store.addEventListener("change", ({ detail }) => {
    if (detail.includes("clip") || detail.includes("face_index")) refresh();
  });

  refresh();
  follow(turn);
  return { take };
}

function fileCard(clip) {
  const rate = clip.preflight?.video?.frames_per_second;
  const facts = [clip.duration_s ? clockTime(clip.duration_s) : null, clip.width_px ? `${clip.width_px} × ${clip.height_px}` : null, rate ? `${Math.round(rate * 100) / 100} fps` : null, fileSize(clip.size_bytes)];
  return make("div", { class: "file-card" }, make("div", { class: "file-card-head" }, icon("film"),
    make("div", { class: "grow" }, make("div", { class: "file-card-name truncate" }, clip.name || "Clip"), make("span", { class: "file-card-facts tabular" }, facts.filter(Boolean).join(" · ")))),
  ...lookWords(clip.preflight));
}

/** What was seen of the one who speaks, and how closely it was looked at. */
function lookWords(report) {
  if (!report?.people?.length) return [];
  const words = report.estimated ? "Estimated from a few moments; every frame is looked at while nothing else waits." : "Measured in every frame; a render begins at once.";
  const [only] = report.people;
  const share = report.people.length === 1 && only.usable_share !== undefined ? `Lips can follow in ${Math.round(only.usable_share * 100)} % of the clip. ` : "";
  return [make("p", { class: "field-hint", id: "clip-look", "data-measured": String(!report.estimated) }, share + words)];
}

/** Who should speak: a button for each person, with a picture where there is one. */
function choice(store, { people, speaking }) {
  const ordered = [...people].sort((a, b) => a.box[0] + a.box[2] - b.box[0] - b.box[2]);
  return make("div", { class: "people-list", role: "group", "aria-label": "Who should speak?" }, ...ordered.map((person) => make("button", {
    class: "person",
    type: "button",
    "aria-pressed": String(person.index === speaking?.index),
    "aria-disabled": person.usable ? null : "true",
    onclick: () => person.usable && store.set({ face_index: person.index }),
  }, person.thumbnail ? make("img", { src: person.thumbnail, alt: "", width: 56, height: 56 }) : icon("user"),
  make("span", { class: "person-words" }, make("strong", {}, person.name), make("span", { class: "field-hint" }, person.usable ? person.facts : person.problem?.sentence ?? "Cannot be used")))));
}
