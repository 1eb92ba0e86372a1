// What a project is made of: the portrait of a talking photo, the clip of a dub, the scenes of a film.

export const isDub = (project) => project.kind === "video_dub";

export const isFilm = (project) => project.kind === "film";

/** The file that the stage shows before there is a render. */
export const sourceOf = (project) => (isDub(project) ? project.clip : project.portrait);

export const sourceWord = (project) => (isFilm(project) ? "Scenes" : isDub(project) ? "Clip" : "Portrait");

const percent = (share) => `${Math.round(share * 100)} %`;

function personName(person, people) {
  if (people.length === 1) return "The speaker";
  const ordered = [...people].sort((a, b) => a.box[0] + a.box[2] - b.box[0] - b.box[2]);
  const at = ordered.indexOf(person);
  return people.length === 2 ? ["Left", "Right"][at] : `Person ${at + 1}`;
}

/**
 * people: [{index, name, facts, box, at_s, usable, problem}]; speaking: who will speak, or null while nobody is chosen;
 * notices: [{kind, sentence, nextStep}]; blocking: whether somebody must be chosen first.
 */
export function clipFindings(project) {
  const report = project.clip?.preflight ?? {};
  const raw = report.people ?? [];
  const people = raw.map((person) => ({
    ...person,
    usable: person.usable ?? !person.problem,
    name: personName(person, raw),
    facts: person.seen_share === undefined ? "" : `in view ${percent(person.seen_share)} of the time`,
  }));
  const wanted = project.face_index ?? report.auto_face ?? null;
  const speaking = people.find((person) => person.index === wanted) ?? null;
  const problem = project.face_index === null ? report.auto_face_failure : speaking?.problem;
  const notices = problem ? [{ kind: project.face_index === null ? "warn" : "bad", sentence: problem.sentence, nextStep: problem.next_step }] : [];
  for (const warning of report.warnings ?? []) notices.push({ kind: "info", sentence: warning.sentence, nextStep: warning.next_step ?? "" });
  return { people, speaking, notices, blocking: Boolean(problem) };
}
