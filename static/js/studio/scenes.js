// The scenes of a film as plain facts: how long each is, what is missing, and where one goes when it is moved.
import { isStated } from "./consent.js";

export const SCENES_MAX = 30;
export const SCENE_MIN_S = 0.3;
export const FADE_S = 0.5; // of a new crossfade
export const PICTURE_S = 3;
const FADE_SHARE_MAX = 0.4; // of either scene, as it is joined

export const isPicture = ({ kind }) => kind === "picture" || kind === "portrait";

/** How long a scene is shown; 0 where nobody can say yet. */
export function shownSeconds(scene) {
  if (isPicture(scene)) return scene.end_s || PICTURE_S;
  const until_s = scene.length_s ? Math.min(scene.end_s || scene.length_s, scene.length_s) : scene.end_s;
  return Math.max(0, until_s - scene.start_s);
}

/** How long the film is: its scenes, less what they lie over each other. */
export function filmSeconds({ scenes }) {
  return scenes.reduce((sum, scene, at) => {
    const length_s = shownSeconds(scene);
    const over_s = at ? Math.min(scene.fade_s, FADE_SHARE_MAX * Math.min(length_s, shownSeconds(scenes[at - 1]))) : 0;
    return sum + length_s - over_s;
  }, 0);
}

/** What stands in the way of rendering: {words, step} or null. */
export function scenesMissing({ scenes }) {
  if (!scenes.length) return { words: "Add a scene first.", step: "step-scene" };
  for (const [at, scene] of scenes.entries()) {
    const needs = (words) => ({ words, step: "step-scene", scene: scene.id, scene_words: `Go to scene ${at + 1}` });
    const name = `Scene ${at + 1}`;
    const titled = scene.title ? `${name}, “${scene.title}”,` : name;
    if (scene.state === "gone") return needs(`${name} was deleted: take it out, or put another one there.`);
    if (scene.state === "trashed") return needs(`${titled} lies in the trash: restore it, or take it out.`);
    if (scene.file?.state === "refused") return needs(`${name} cannot be used; take it out.`);
    if (scene.file?.state === "checking") return needs(`Still looking at scene ${at + 1}…`);
    if (scene.file && !isStated(scene.file)) return needs(`Say who is in scene ${at + 1}.`);
    if (scene.length_s && shownSeconds(scene) < SCENE_MIN_S - 0.001) return needs(`Nothing is left of scene ${at + 1}; let it start earlier or end later.`);
  }
  return null;
}

/** The scenes with the one at `from` moved to `to`. */
export function moved(scenes, from, to) {
  const list = [...scenes];
  const [scene] = list.splice(from, 1);
  list.splice(Math.min(Math.max(0, to), list.length), 0, scene);
  return list;
}

/** A new scene of a video or a file. */
export function sceneOf(source) {
  return {
    id: crypto.randomUUID?.() ?? `scene-${Date.now()}-${Math.round(Math.random() * 1e6)}`,
    project: source.is_file ? null : source.id,
    asset: source.is_file ? source.id : null,
    start_s: 0,
    end_s: 0,
    fade_s: 0,
    kind: source.kind,
    state: source.state,
    title: source.title,
    length_s: source.length_s,
    file: source.file ?? null,
  };
}
