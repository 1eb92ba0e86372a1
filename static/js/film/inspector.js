// The chosen scene's settings: which part of it is shown, how it comes in, where it stands.
import { request } from "../api.js";
import { announce, clockTime, find, icon, make, notice, toast } from "../ui.js";
import { consentRow } from "../studio/consent.js";
import { FADE_S, PICTURE_S, SCENE_MIN_S, isPicture, shownSeconds } from "../studio/scenes.js";

const FADE_MAX_S = 2;
const PICTURE_MAX_S = 30;
const seconds = (value) => `${value.toFixed(1)} s`;

export function startInspector(store, stage) {
  const body = find("#scene-body");
  const title = find("#step-scene-title-words");

  const chosen = () => store.project.scenes.find(({ id }) => id === store.chosen) ?? null;
  const change = (facts, options) => store.set({ scenes: store.project.scenes.map((scene) => (scene.id === store.chosen ? { ...scene, ...facts } : scene)) }, options);
  const show = (at_s) => {
    const video = stage.view === "portrait" && document.querySelector(".stage video");
    if (video && Number.isFinite(at_s)) {
      video.pause();
      video.currentTime = at_s;
    }
  };

  const range = (name, words, { value, min, max, step = 0.1, text, onInput }) => {
    const output = make("output", { class: "range-value tabular", for: `scene-${name}` }, text(value));
    const input = make("input", { class: "range", type: "range", id: `scene-${name}`, min: String(min), max: String(max), step: String(step), value: String(value), "aria-valuetext": text(value) });
    input.addEventListener("input", () => {
      const set = onInput(Number(input.value));
      if (set !== undefined) input.value = String(set);
      output.textContent = text(Number(input.value));
      input.setAttribute("aria-valuetext", output.textContent);
    });
    return make("div", { class: "field" }, make("label", { class: "field-label", for: `scene-${name}` }, words, " ", output), input);
  };

  const trims = (scene) => {
    if (isPicture(scene)) {
      return [range("end", "Shown for", { value: scene.end_s || PICTURE_S, min: 0.5, max: PICTURE_MAX_S, step: 0.5, text: seconds, onInput: (value) => change({ end_s: value }, { isFlowing: true }) })];
    }
    const whole_s = scene.length_s;
    if (!whole_s) return [make("p", { class: "field-hint" }, "It can be trimmed once its length is known: render it by itself, or add its voice.")];
    const most = Math.round(whole_s * 10) / 10;
    const least = SCENE_MIN_S + 0.1;
    return [
      range("start", "Starts at", { value: scene.start_s, min: 0, max: most, text: seconds, onInput: (value) => {
        const now = chosen();
        const start_s = Math.max(0, Math.min(value, (now.end_s || most) - least));
        change({ start_s: Number(start_s.toFixed(2)) }, { isFlowing: true });
        show(start_s);
        return start_s;
      } }),
      range("stop", "Ends at", { value: scene.end_s || most, min: 0, max: most, text: (value) => (value >= most ? `its end, ${seconds(most)}` : seconds(value)), onInput: (value) => {
        const end_s = Math.max(value, chosen().start_s + least);
        change({ end_s: end_s >= most ? 0 : Number(end_s.toFixed(2)) }, { isFlowing: true });
        show(Math.max(0, end_s - 0.05));
        return end_s;
      } }),
    ];
  };

  const joins = (scene, at) => {
    if (!at) return [];
    const isFade = scene.fade_s > 0;
    const option = (value, words) => make("label", { class: "segmented-option" }, make("input", { type: "radio", name: "scene-join", value, checked: (value === "fade") === isFade, onchange: () => { change({ fade_s: value === "fade" ? FADE_S : 0 }); draw(); find(`[name=scene-join][value=${value}]`, body).focus(); } }), make("span", {}, words));
    return [
      make("fieldset", { class: "field" }, make("legend", { class: "field-label" }, "After the scene before"), make("div", { class: "segmented" }, option("cut", "Cut"), option("fade", "Crossfade"))),
      ...(isFade ? [range("fade", "Over", { value: scene.fade_s, min: 0.1, max: FADE_MAX_S, text: seconds, onInput: (value) => change({ fade_s: value }, { isFlowing: true }) })] : []),
    ];
  };

  const restore = async (scene, button) => {
    button.disabled = true;
    try {
      await request("POST", `/projects/${scene.project}/restore`);
      for (const one of store.project.scenes) if (one.project === scene.project) one.state = "ready";
      const source = store.sourceOf(scene);
      if (source) source.state = "ready";
      store.tell(["scenes"]);
      stage.show("portrait");
      announce("The scene’s video is back.");
    } catch (problem) {
      button.disabled = false;
      toast(`${problem.sentence} ${problem.nextStep}`);
    }
  };

  /** What stands in the way of a scene that cannot be shown any more. */
  const lost = (scene) => {
    if (scene.state === "gone") return [notice("bad", "This scene’s video was deleted.", "Take the scene out, or add another one in its place.")];
    if (scene.state !== "trashed") return [];
    const button = make("button", { class: "button button-outline button-small", type: "button", onclick: () => restore(scene, button) }, icon("undo"), "Restore it");
    return [notice("bad", "This scene’s video lies in the trash.", "Restore it, or take the scene out.", make("div", { class: "row notice-actions" }, button))];
  };

  const draw = () => {
    const { scenes } = store.project;
    const scene = chosen();
    const at = scenes.indexOf(scene);
    title.textContent = scene ? `Scene ${at + 1}` : "Scenes";
    if (!scene) {
      body.replaceChildren(make("p", { class: "field-hint" }, "Add your videos below the stage and put them in order. Each keeps its own picture, voice and captions."));
      return;
    }
    const source = store.sourceOf(scene);
    const file = source?.file;
    const consent = file ? consentRow(file, store.consent, (told) => { source.file = told; store.project.scenes.forEach((one) => { if (one.asset === told.id) one.file = told; }); store.tell(["scenes"]); draw(); }) : null;
    const facts = [source?.is_file ? "as it is" : null, shownSeconds(scene) ? `${clockTime(shownSeconds(scene))} of ${isPicture(scene) ? clockTime(shownSeconds(scene)) : clockTime(scene.length_s)}` : null].filter(Boolean).join(" · ");
    const small = { class: "button button-outline button-small", type: "button" };
    body.replaceChildren(
      make("div", { class: "scene-head" }, make("div", { class: "grow" }, make("p", { class: "file-card-name truncate" }, scene.title || "Untitled"), make("p", { class: "file-card-facts tabular" }, facts)),
        source?.address ? make("a", { class: "button button-ghost button-small", href: source.address }, icon("edit"), "Edit it") : ""),
      ...(consent ? [consent] : []),
      ...lost(scene),
      ...(scene.state === "ready" ? [...trims(scene), ...joins(scene, at)] : []),
      make("div", { class: "row scene-buttons" },
        make("button", { ...small, disabled: at === 0, onclick: () => { store.moveScene(scene.id, -1); find("#scene-earlier")?.focus(); }, id: "scene-earlier" }, icon("chevron-left"), "Earlier"),
        make("button", { ...small, disabled: at === scenes.length - 1, onclick: () => { store.moveScene(scene.id, 1); find("#scene-later")?.focus(); }, id: "scene-later" }, "Later", icon("chevron-left", "icon-flipped")),
        make("button", { class: "button button-ghost button-small", type: "button", onclick: () => store.dropScene(scene.id) }, icon("trash"), "Take out")));
  };

  store.addEventListener("chosen", draw);
  store.addEventListener("change", ({ detail }) => {
    if (!detail.includes("scenes")) return;
    if (body.contains(document.activeElement) && document.activeElement.type === "range") return; // it is being dragged
    const id = document.activeElement?.id;
    draw();
    if (id) document.getElementById(id)?.focus();
  });
  draw();
}
