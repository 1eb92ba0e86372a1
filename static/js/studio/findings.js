// What preflight found, in words. Reads the report of the engine; says nothing it does not know.


function placeName(face, faces, width) {
  if (faces.length === 1) return "The face";
  const ordered = [...faces].sort((a, b) => a.box[0] + a.box[2] - b.box[0] - b.box[2]);
  const at = ordered.indexOf(face);
  if (faces.length === 2) return at === 0 ? "Left" : "Right";
  if (faces.length === 3) return ["Left", "Middle", "Right"][at];
  const middle = (face.box[0] + face.box[2]) / 2 / width;
  return `Face ${at + 1}${middle < 0.34 ? ", left" : middle > 0.66 ? ", right" : ""}`;
}

/** faces: [{index, name, box: [x0, y0, x1, y1], usable}], notices, summary, blocking (a face must be chosen first). */
export function portraitFindings(project) {
  const report = project.portrait?.preflight ?? {};
  const width = report.width_px ?? project.portrait?.width_px ?? 1;
  const raw = (report.faces ?? []).map((face, index) => ({ ...face, index: face.index ?? index }));
  const faces = raw.map((face) => ({ ...face, name: placeName(face, raw, width), usable: !face.failure }));
  const notices = [];
  const chosen = faces.find((face) => face.index === project.face_index) ?? null;
  const doubt = project.face_index === null ? report.auto_face_failure : null;
  if (doubt) notices.push({ kind: "warn", sentence: doubt.sentence ?? "There are several faces in this picture.", nextStep: doubt.next_step ?? "Choose the one that should speak, here or on the picture." });
  if (chosen?.failure) notices.push({ kind: "bad", sentence: chosen.failure.sentence, nextStep: chosen.failure.next_step });
  for (const warning of report.warnings ?? []) {
    if (warning.face_index !== undefined && warning.face_index !== null && chosen && warning.face_index !== chosen.index) continue;
    notices.push({ kind: "warn", sentence: warning.sentence, nextStep: warning.next_step ?? "" });
  }
  const summary = faces.length === 1 ? "One face found. The portrait is ready." : `${faces.length} faces found.`;
  return { faces, notices, summary, blocking: Boolean(doubt || chosen?.failure) };
}

