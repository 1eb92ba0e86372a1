// Step 1 of a dub: the clip, what was found in it, and who should speak.
import { untilChecked } from "../api.js";
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
    const found = clipFindings(store.project);
    people.append(fileCard(clip));
    if (found.people.length > 1) people.append(choice(store, found));
    feedback.replaceChildren(...found.notices.map((one) => notice(one.kind, one.sentence, one.nextStep)));
    const consent = consentRow(clip, store.consent, (asset) => store.project.clip?.id === asset.id && store.learn({ clip: asset }));
    if (consent) feedback.append(consent);
  };

  const refresh = () => {
    showBadge();
    showFindings();
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
    make("div", { class: "grow" }, make("div", { class: "file-card-name truncate" }, clip.name || "Clip"), make("span", { class: "file-card-facts tabular" }, facts.filter(Boolean).join(" · ")))));
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
