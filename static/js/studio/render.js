// The Render button: what is missing in words, how long it will take, ordering it once, and following it to its end.
import { forgetOrderKey, orderKey, request } from "../api.js";
import { watchJob } from "../jobs.js";
import { announce, clockTime, find, notice, roughTime } from "../ui.js";
import { backdropMissing } from "./backdrop.js";
import { isStated } from "./consent.js";
import { portraitFindings } from "./findings.js";
import { lengthWithLines, linesMissing } from "./line_checks.js";
import { spokenSeconds } from "./script.js";
import { heardSeconds } from "./recording_care.js";
import { filmSeconds, scenesMissing } from "./scenes.js";
import { clipFindings, isDub, isFilm } from "./source.js";

const PREPARING_S = 2; // loading the picture and the sound, writing the file

/** What still stands in the way: {words, step} or null. */
export function whatIsMissing(project) {
  return whatIsMissingOfTheMain(project) ?? musicMissing(project);
}

function musicMissing({ music, music_volume: volume }) {
  const needs = (words) => ({ words, step: "more-music" });
  if (!music || !volume) return null;
  if (music.state === "checking") return needs("Still listening to the music…");
  if (music.state === "refused") return needs("This music cannot be used; choose another piece.");
  return isStated(music) ? null : needs("Say that you may use this music.");
}

function whatIsMissingOfTheMain(project) {
  if (isFilm(project)) return scenesMissing(project);
  if (isDub(project)) return clipMissing(project) ?? voiceMissing(project);
  const { portrait } = project;
  if (!portrait) return { words: "Choose a portrait first.", step: "step-portrait" };
  if (portrait.state === "checking") return { words: "Still looking at the portrait…", step: "step-portrait" };
  if (portrait.state === "refused") return { words: "This portrait cannot be used; choose another one.", step: "step-portrait" };
  if (portraitFindings(project).blocking) return { words: "Choose the face that should speak.", step: "step-portrait" };
  if (!isStated(portrait)) return { words: "Say whose face this is.", step: "step-portrait" };
  const behind = backdropMissing(project);
  if (behind) return { words: behind, step: "more-look" };
  return project.moved_by === "idle" ? null : voiceMissing(project);
}

function clipMissing({ clip, ...project }) {
  const needs = (words) => ({ words, step: "step-clip" });
  if (!clip) return needs("Choose a clip first.");
  if (clip.state === "checking") return needs("Still looking at the clip…");
  if (clip.state === "refused") return needs("This clip cannot be used; choose another one.");
  if (clipFindings({ clip, ...project }).blocking) return needs("Choose the person who should speak.");
  return isStated(clip) ? null : needs("Say who is in the clip.");
}

function voiceMissing(project) {
  const { clip, voice } = project;
  const needs = (words) => ({ words, step: "step-voice" });
  if (project.voice_source === "lines") {
    const missing = linesMissing(project);
    return missing && needs(missing);
  }
  if (project.moved_by === "clip") {
    if (!clip) return needs("Choose a video, or act it out.");
    if (clip.state === "checking") return needs("Still looking at the video…");
    if (clip.state === "refused") return needs("This video cannot be used; choose another one.");
    if (!isStated(clip)) return needs("Say who is in the video.");
    if (project.clip_sound !== "voice") return null;
  } else if (project.voice_source === "script") {
    return project.script.trim() ? null : needs(isDub(project) ? "Type what should be said instead." : "Type what the picture should say.");
  }
  if (!voice) return needs("Add a recording, or type a script.");
  if (voice.state === "checking") return needs("Still listening to the recording…");
  if (voice.state === "refused") return needs("This recording cannot be used; choose another one.");
  return isStated(voice) ? null : needs("Say whose voice this is.");
}

function dubSeconds({ clip, sync_mode: mode }, spoken_s) {
  const clip_s = clip?.duration_s ?? 0;
  if (mode === "silence") return clip_s;
  return mode === "cut_off" ? Math.min(clip_s, spoken_s) : spoken_s;
}

function lengthOf(project, limits) {
  if (isFilm(project)) return Math.min(filmSeconds(project), limits.render_s);
  const spoken = () => (project.voice_source === "script" ? spokenSeconds(project.script, project.script_rate) : heardSeconds(project));
  if (project.voice_source === "lines") return Math.min(lengthWithLines(project), limits.render_s);
  if (isDub(project)) return Math.min(dubSeconds(project, spoken()), limits.render_s);
  const seconds = { clip: () => project.clip?.duration_s ?? 0, idle: () => project.idle_s, voice: spoken }[project.moved_by]();
  return Math.min(seconds, limits.render_s);
}

export function startRender(store, stage) {
  const button = find("#render");
  const estimate = find("#render-estimate");
  const problems = find("#render-notice");
  const orderName = `render:${store.project.id}`;
  let ordering = false;

  const left = () => store.limits.renders_per_day - store.limits.renders_today;

  const showState = () => {
    const missing = whatIsMissing(store.project);
    button.setAttribute("aria-disabled", String(Boolean(missing)));
    find("#render-label").textContent = store.renders.length ? "Render again" : "Render";
    estimate.replaceChildren();
    if (missing) {
      estimate.append(missing.words);
      return;
    }
    const seconds = lengthOf(store.project, store.limits);
    const smooth = isDub(store.project) || isFilm(store.project) ? 1 : Number(store.project.frames_per_second) / 25;
    const takes = PREPARING_S + seconds * store.limits.seconds_per_second * smooth;
    const running = store.renders.some((render) => render.type !== "done");
    const strong = document.createElement("strong");
    strong.textContent = `${clockTime(seconds)} of video`;
    estimate.append(strong, `${running ? "after the one in the making, " : "ready in "}${roughTime(takes)} · ${left()} free left today`);
  };

  const pointAt = (step) => {
    const section = find(`#${step}`);
    if (section.tagName === "DETAILS") section.open = true;
    section.scrollIntoView({ block: "nearest", behavior: "smooth" });
    section.classList.remove("step-flash");
    void section.offsetWidth; // restarts the animation
    section.classList.add("step-flash");
  };

  const follow = (render) => {
    watchJob(render.id, (message) => {
      const before = store.render(render.id);
      if (!before) return;
      if (message.type === "done") finished(render.id, message);
      else store.putRender({ ...before, ...message, id: render.id });
    });
  };

  const finished = async (id, message) => {
    const whole = await request("GET", `/jobs/${id}`).catch(() => ({}));
    const before = store.render(id);
    if (!before) return;
    store.putRender({ ...before, ...message, ...whole, id });
    if (message.state === "succeeded") announce("The video is ready.");
    else {
      store.limits.renders_today = Math.max(0, store.limits.renders_today - 1);
      announce(`${message.failure?.sentence ?? ""} ${message.failure?.next_step ?? ""}`);
    }
    showState();
  };

  const place = async () => {
    const send = () => request("POST", `/projects/${store.project.id}/render`, undefined, { headers: { "Idempotency-Key": orderKey(orderName) } });
    try {
      return await send();
    } catch (problem) {
      if (problem.code !== "idempotency_conflict") throw problem;
      forgetOrderKey(orderName); // an earlier order did arrive after all, with other settings: this one is new
      return send();
    }
  };

  const order = async () => {
    const missing = whatIsMissing(store.project);
    if (missing) {
      announce(missing.words);
      if (missing.scene) store.choose(missing.scene);
      pointAt(missing.step);
      return;
    }
    if (ordering) return;
    ordering = true;
    button.setAttribute("aria-busy", "true");
    problems.replaceChildren();
    try {
      await store.flush();
      const render = await place();
      forgetOrderKey(orderName);
      store.limits.renders_today += 1;
      store.putRender(render);
      stage.show(render.id);
      find("#stage").scrollIntoView({ block: "nearest", behavior: "smooth" });
      announce("The render has started.");
      find("#guide:not([hidden])")?.requestSubmit(); // whoever renders needs no hint how
      follow(render);
    } catch (problem) {
      if (!problem.isNetwork && problem.status < 500) forgetOrderKey(orderName); // refused for good: the next order is another one
      problems.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
      if (problem.isNetwork) addEventListener("online", () => problems.replaceChildren(), { once: true });
    } finally {
      ordering = false;
      button.removeAttribute("aria-busy");
      showState();
    }
  };

  button.addEventListener("click", order);
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) order();
  });
  store.addEventListener("change", () => {
    problems.replaceChildren();
    showState();
  });
  store.addEventListener("renders", showState);
  store.addEventListener("ordered", ({ detail }) => follow(detail));
  for (const render of store.renders) if (render.type !== "done") follow(render);
  showState();
}
