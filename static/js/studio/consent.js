// Whose face or voice a file holds: asked beside it, once per file, answered with one press.
import { request } from "../api.js";
import { announce, icon, make, notice } from "../ui.js";

const QUESTION = { portrait: "Whose face is this?", clip: "Who is in this video?", voice: "Whose voice is this?", music: "May you use this music?", picture: "May you use this picture?" };

/** Whether nothing more has to be said about a file before a video can be made of it. */
export const isStated = (asset) => !asset?.attestation?.needed || Boolean(asset.attestation.basis);

/**
 * The row for one file: the choices, or what was chosen and a way to change it; null where there is nothing to ask.
 * words: {closing, choices: {kind: [{basis, label, statement}]}}; onStated(asset) gets the file with its statement.
 */
export function consentRow(asset, words, onStated) {
  const { attestation: stated } = asset;
  if (!stated?.needed || stated.by_site || asset.state === "refused") return null;
  const row = make("div", { class: "consent" });
  const ask = () => row.replaceChildren(...choices(asset, words, row, onStated));
  const chosen = words.choices[asset.kind]?.find(({ basis }) => basis === stated.basis);
  if (chosen) {
    row.append(make("p", { class: "consent-said", title: stated.text }, icon("check"), make("span", {}, `${chosen.label} · `),
      make("button", { class: "link-button", type: "button", "aria-label": `${QUESTION[asset.kind]} You said: ${chosen.label}. Change it`, onclick: () => { ask(); row.querySelector("button").focus(); } }, "Change")));
  } else {
    ask();
  }
  return row;
}

function choices(asset, words, row, onStated) {
  const problems = make("div", {});
  const state = async (button, { basis, statement }) => {
    button.setAttribute("aria-busy", "true");
    try {
      const told = await request("POST", `/assets/${asset.id}/attestation`, { basis });
      announce(`Noted: ${statement}`);
      onStated(told);
    } catch (problem) {
      problems.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
    } finally {
      button.removeAttribute("aria-busy");
    }
  };
  const id = `consent-${asset.id}`;
  const buttons = words.choices[asset.kind].map((choice) => {
    const button = make("button", { class: "consent-choice", type: "button", title: choice.statement }, choice.label);
    button.addEventListener("click", () => state(button, choice));
    return button;
  });
  return [
    make("p", { class: "field-label", id }, QUESTION[asset.kind]),
    make("div", { class: "consent-choices", role: "group", "aria-labelledby": id, "aria-describedby": `${id}-hint` }, ...buttons),
    make("p", { class: "field-hint", id: `${id}-hint` }, `We ask once per file, and keep your answer. With it you promise: ${words.closing}`),
    problems,
  ];
}
