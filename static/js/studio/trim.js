// The two handles on a recording's waveform: dragged, or moved with the arrow keys; what lies between them is heard.
import { make } from "../ui.js";
import { movedPart, rounded } from "./recording_care.js";

const KEY_STEPS_S = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1, PageDown: -1, PageUp: 1 };
const NAMES = { start: "Start of what is heard", end: "End of what is heard" };

/**
 * @param wave what is played by a press; the handles stand over it.
 * @param trim {whole_s, part: () => [from, until], take: (from, until)} takes another part for good.
 * @param onLook is told of a part that is only shown, while a handle is dragged; null when that is over. It calls `show`.
 * @param hear plays what is next to an edge: "start" or "end".
 */
export function trimHandles(wave, trim, { onLook, hear }) {
  const frame = make("div", { class: "trim" }, wave);
  const handles = Object.fromEntries(Object.keys(NAMES).map((edge) => [edge, make("span", { class: `trim-handle trim-${edge}`, role: "slider", tabindex: "0", "aria-label": NAMES[edge] })]));

  const place = (part) => {
    const at = { start: part[0], end: part[1] };
    const limits = { start: [0, movedPart("start", part[1], part, trim.whole_s)[0]], end: [movedPart("end", part[0], part, trim.whole_s)[1], trim.whole_s] };
    for (const [edge, handle] of Object.entries(handles)) {
      const [least, most] = limits[edge];
      handle.style.left = `${(at[edge] / trim.whole_s) * 100}%`;
      for (const [name, value] of [["valuemin", least], ["valuemax", most], ["valuenow", at[edge]]]) handle.setAttribute(`aria-${name}`, rounded(value));
      handle.setAttribute("aria-valuetext", `${rounded(at[edge])} of ${rounded(trim.whole_s)} seconds`);
    }
  };

  const onKey = (event, edge) => {
    const now = trim.part()[edge === "start" ? 0 : 1];
    const wanted = { Home: 0, End: trim.whole_s }[event.key] ?? (event.key in KEY_STEPS_S ? now + KEY_STEPS_S[event.key] : null);
    const isHeard = event.key === "Enter" || event.key === " ";
    if (event.ctrlKey || event.metaKey || event.altKey || (wanted === null && !isHeard)) return;
    event.preventDefault();
    event.stopPropagation(); // arrows and the space bar are the video's elsewhere
    if (isHeard) hear(edge);
    else trim.take(...movedPart(edge, wanted, trim.part(), trim.whole_s));
  };

  const drag = (event, edge) => {
    if (event.button) return;
    const handle = handles[edge];
    const before = trim.part();
    const perPx = trim.whole_s / frame.getBoundingClientRect().width;
    const from_s = before[edge === "start" ? 0 : 1];
    let part = null;
    handle.setPointerCapture(event.pointerId);
    const move = (now) => {
      part = movedPart(edge, from_s + (now.clientX - event.clientX) * perPx, before, trim.whole_s);
      onLook(part);
    };
    const end = (now) => {
      for (const name of ["pointermove", "pointerup", "pointercancel"]) handle.removeEventListener(name, name === "pointermove" ? move : end);
      onLook(null);
      if (part && now.type === "pointerup") {
        trim.take(...part);
        hear(edge);
      }
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
    handle.addEventListener("pointercancel", end);
  };

  for (const [edge, handle] of Object.entries(handles)) {
    handle.addEventListener("keydown", (event) => onKey(event, edge));
    handle.addEventListener("pointerdown", (event) => drag(event, edge));
  }
  frame.append(...Object.values(handles));
  place(trim.part());
  return { element: frame, show: place };
}
