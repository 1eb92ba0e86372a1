// Captions in the picture: which style, what is said in a recording, and when there can be any.
import { find } from "../ui.js";

const HINTS = {
  none: "The words can also be downloaded as a subtitle file once the video is made.",
  clean: "White letters, easy to read anywhere.",
  karaoke: "The word that is said lights up.",
  pop: "For Shorts and Reels: few words, large, in capitals.",
  boxed: "On a dark box, for busy pictures.",
  lower_third: "At the left, as in the news.",
  minimal: "Small and quiet.",
};
const FIELDS = ["captions", "voice_source", "moved_by", "transcript", "transcript_language", "caption_cues", "lines"];

export function startCaptions(store) {
  const select = find("#captions");
  const transcript = find("#transcript");
  const language = find("#transcript_language");
  const show = () => {
    const { project } = store;
    const isHeard = [null, "voice"].includes(project.moved_by);
    const isRecorded = isHeard && project.voice_source === "audio";
    const inLines = project.voice_source === "lines";
    const isPossible = isRecorded || inLines || (isHeard && project.voice_source === "script");
    const isKnown = !isRecorded || project.transcript.trim() || project.caption_cues.length;
    select.disabled = !isPossible;
    select.value = project.captions;
    find("#captions-edit").hidden = !isPossible || inLines;
    find("#transcript-field").hidden = !isRecorded;
    if (transcript.value !== project.transcript) transcript.value = project.transcript;
    language.value = project.transcript_language;
    let hint = HINTS[project.captions];
    if (!isPossible) hint = "Captions need a typed script or a recording of your own.";
    else if (inLines && project.captions !== "none") hint = "Each line’s words are shown while it is said; lines with a recording have none.";
    else if (!isKnown && project.captions !== "none") hint = "Write down what is said, or check a draft under “Edit captions”: then they are shown.";
    find("#captions-hint").textContent = hint;
  };
  select.addEventListener("change", () => store.set({ captions: select.value }));
  transcript.addEventListener("input", () => store.set({ transcript: transcript.value }));
  language.addEventListener("change", () => store.set({ transcript_language: language.value }));
  store.addEventListener("change", ({ detail }) => FIELDS.some((name) => detail.includes(name)) && show());
  show();
}
