// What preflight found, ready for the page: which faces there are, which one speaks, what to say about it.

const GOOD_TO_KNOW = new Set(["mouth_open", "first_frame_only", "scaled_down", "transparent", "several_faces", "sunglasses"]);

/** What pages show of a portrait: a preview where the browser could not show the file (well), or null. */
export const pictureUrl = (portrait) => portrait?.preview_url ?? (portrait?.viewable ? portrait.url : null);

function placeName(face, faces, width) {
  if (faces.length === 1) return "The face";
  const ordered = [...faces].sort((a, b) => a.box[0] + a.box[2] - b.box[0] - b.box[2]);
  const at = ordered.indexOf(face);
  if (faces.length === 2) return at === 0 ? "Left" : "Right";
  if (faces.length === 3) return ["Left", "Middle", "Right"][at];
  const middle = (face.box[0] + face.box[2]) / 2 / width;
  return `Face ${at + 1}${middle < 0.34 ? ", left" : middle > 0.66 ? ", right" : ""}`;
}

/**
 * faces: [{index, name, box: [x0, y0, x1, y1], usable, problem}]; speaking: the face that will speak, or null;
 * notices: [{kind, sentence, nextStep, more?: [{sentence, nextStep}]}]; summary: one sentence; blocking: whether a face must be chosen first.
 */
export function portraitFindings(project) {
  const report = project.portrait?.preflight ?? {};
  const width = report.width_px ?? project.portrait?.width_px ?? 1;
  const raw = report.faces ?? [];
  const faces = raw.map((face) => ({ ...face, name: placeName(face, raw, width) }));
  const wanted = project.face_index ?? report.auto_face ?? null;
  const speaking = faces.find((face) => face.index === wanted) ?? null;
  const problem = project.face_index === null ? report.auto_face_failure : speaking?.problem;
  const notices = problem ? [{ kind: project.face_index === null ? "warn" : "bad", sentence: problem.sentence, nextStep: problem.next_step }] : [];
  if (!problem) notices.push(...groupsOf(warningsOf(report, project, speaking)));
  const summary = faces.length === 1 ? "One face found. The portrait is ready." : `${faces.length} faces found.`;
  return { faces, speaking, notices, summary, blocking: Boolean(problem) };
}

/** One notice for what would look better with another photo, one for what is merely worth knowing. */
function groupsOf(warnings) {
  const kinds = [["warn", (warning) => !GOOD_TO_KNOW.has(warning.code)], ["info", (warning) => GOOD_TO_KNOW.has(warning.code)]];
  return kinds
    .map(([kind, belongs]) => ({ kind, items: warnings.filter(belongs) }))
    .filter(({ items }) => items.length)
    .map(({ kind, items: [first, ...rest] }) => ({
      kind,
      sentence: first.sentence,
      nextStep: first.next_step,
      more: rest.map((warning) => ({ sentence: warning.sentence, nextStep: warning.next_step })),
    }));
}

/** The warnings of the picture, and those of the face that speaks. */
function warningsOf(report, project, speaking) {
  const all = report.warnings ?? [];
  if (project.face_index === null || !speaking) return all;
  const auto = (report.faces ?? []).find((face) => face.index === report.auto_face);
  const aboutAuto = new Set(["several_faces", ...(auto?.warnings ?? []).map((warning) => warning.code)]);
  return [...speaking.warnings, ...all.filter((warning) => !aboutAuto.has(warning.code))];
}
