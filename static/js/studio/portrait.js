// Step 1: who speaks. Presenters, uploads, what preflight found, and which face.
import { Problem, request, untilChecked } from "../api.js";
import { announce, find, findAll, make, notice } from "../ui.js";
import { consentRow, isStated } from "./consent.js";
import { looksLikePicture } from "./dropping.js";
import { portraitFindings } from "./findings.js";
import { refuseEarly, sendFile } from "./uploading.js";

const WRONG_TYPE = { sentence: "is not a picture.", nextStep: "Choose a photo: JPEG, PNG, WebP or HEIC." };

const noticeOf = ({ kind, sentence, nextStep, more = [] }) => notice(kind, sentence, nextStep,
  ...more.map((other) => make("div", { class: "notice-more" }, make("span", { class: "notice-title" }, other.sentence), make("span", { class: "notice-next" }, other.nextStep))));

export function startPortrait(store, stage) {
  const feedback = find("#portrait-feedback");
  const badge = find("#portrait-badge");
  const picker = find("#portrait-file");
  let turn = 0; // only the latest choice may change the page

  const showBadge = () => {
    const { portrait } = store.project;
    const look = {
      checking: ["badge badge-info badge-live", "Looking at it"],
      ready: ["badge badge-good", "Ready"],
      refused: ["badge badge-bad", "Needs another photo"],
    }[portrait?.state];
    badge.hidden = !look;
    if (!look) return;
    const doubt = portrait.state === "ready" && portraitFindings(store.project).blocking;
    const unsaid = portrait.state === "ready" && !isStated(portrait);
    badge.className = doubt || unsaid ? "badge badge-warn" : look[0];
    badge.textContent = doubt ? "Choose a face" : unsaid ? "One question" : look[1];
  };

  const markPresenter = () => {
    for (const tile of findAll("[data-presenter]")) {
      tile.setAttribute("aria-pressed", String(store.project.portrait?.sha256 === tile.dataset.sha));
    }
  };

  const showFindings = () => {
    const { portrait } = store.project;
    if (!portrait || portrait.state === "checking") return;
    if (portrait.state === "refused") {
      feedback.replaceChildren(notice("bad", portrait.failure.sentence, portrait.failure.next_step));
      return;
    }
    const findings = portraitFindings(store.project);
    feedback.replaceChildren(...findings.notices.map(noticeOf));
    if (findings.faces.length > 1) feedback.append(faceButtons(findings));
    const consent = consentRow(portrait, store.consent, (asset) => store.project.portrait?.id === asset.id && store.learn({ portrait: asset }));
    if (consent) feedback.append(consent);
  };

  const faceButtons = ({ faces, speaking }) => make("div", { class: "face-list", role: "group", "aria-label": "Which face should speak?" },
    ...[...faces].sort((a, b) => a.box[0] + a.box[2] - b.box[0] - b.box[2]).map((face) => make("button", {
      class: `button button-small ${face.index === speaking?.index ? "button-ink" : "button-outline"}`,
      type: "button",
      "aria-pressed": String(face.index === speaking?.index),
      onclick: () => store.set({ face_index: face.index }),
    }, face.name)));

  const refresh = () => {
    showBadge();
    markPresenter();
    showFindings();
  };

  const follow = async (mine) => {
    const { portrait } = store.project;
    if (!portrait || portrait.state !== "checking") return;
    feedback.replaceChildren(make("p", { class: "field-hint row" }, make("span", { class: "spinner" }), "Looking for the face…"));
    try {
      const asset = await untilChecked(portrait.id);
      if (mine !== turn) return;
      store.learn({ portrait: asset });
      announceFindings();
    } catch (problem) {
      if (mine === turn) feedback.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
    }
  };

  const announceFindings = () => {
    const { portrait } = store.project;
    announce(portrait.state === "ready" ? portraitFindings(store.project).summary : `${portrait.failure.sentence} ${portrait.failure.next_step}`);
  };

  const take = async (file) => {
    const mine = ++turn;
    stage.show("portrait");
    const early = refuseEarly(file, { maxBytes: store.limits.picture_bytes, looksRight: looksLikePicture, wrongType: WRONG_TYPE });
    if (early) {
      feedback.replaceChildren(notice("bad", early.sentence, early.nextStep));
      return;
    }
    const asset = await sendFile("portrait", file, feedback, {
      checkingWords: "Looking for the face…",
      onStored: (stored) => mine === turn && store.set({ portrait: stored }),
    });
    if (mine !== turn) return;
    if (!asset) {
      if (!feedback.childElementCount) refresh(); // stopped; a refusal stays in view beside the portrait that is kept
      return;
    }
    store.learn({ portrait: asset });
    announceFindings();
  };

  const usePresenter = async (tile) => {
    const mine = ++turn;
    stage.show("portrait");
    tile.setAttribute("aria-busy", "true");
    try {
      await store.flush();
      const project = await request("PATCH", `/projects/${store.project.id}`, { presenter: tile.dataset.presenter });
      if (mine !== turn) return;
      store.adopt(project, ["portrait", "script_voice", "face_index"]);
      await follow(mine);
    } catch (problem) {
      if (mine !== turn) return;
      const words = problem instanceof Problem ? problem : new Problem({ sentence: "That did not work.", next_step: "Try again." });
      feedback.replaceChildren(notice("bad", words.sentence, words.nextStep));
    } finally {
      tile.removeAttribute("aria-busy");
    }
  };

  picker.addEventListener("change", () => {
    if (picker.files[0]) take(picker.files[0]);
    picker.value = "";
  });
  for (const tile of findAll("[data-presenter]")) tile.addEventListener("click", () => usePresenter(tile));
  store.addEventListener("change", ({ detail }) => {
    if (detail.includes("portrait") || detail.includes("face_index")) refresh();
  });

  refresh();
  follow(turn);
  return { take };
}
