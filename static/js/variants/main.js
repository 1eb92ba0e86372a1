// Sets of variants: choose the lists, see what they take, start them, compare what came of them.
import { forgetOrderKey, orderKey, request } from "../api.js";
import { announce, find, make, notice, roughTime } from "../ui.js";
import { startLists } from "./lists.js";
import { setOf } from "./wall.js";

const ASK_AFTER_MS = 400;
const state = JSON.parse(find("#variants-state").textContent);
const form = find("#variants-form");
const plan = find("#plan");
const problems = find("#plan-problem");
const button = find("#make");
const sets = find("#sets");
let planned = null;
let asked = 0;
let timer = null;

const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

function meansWords({ count, making }) {
  if (making === "export") {
    const most = planned.is_exact ? "" : "At most ";
    const free = count - planned.paid_videos;
    const first = `${most}${plural(planned.credits, "credit")} for ${plural(planned.paid_videos, "video")}${free ? `; ${free === 1 ? "1 other form of it costs" : `${free} other forms of the same cost`} nothing` : ""}.`;
    return [first, `You have ${plural(planned.balance_credits, "credit")}.`];
  }
  const needed = count - planned.made_before;
  const left = planned.renders_left;
  const taken = needed > left ? `Takes ${plural(needed, "free render")}.` : `Takes ${needed} of the ${plural(left, "free render")} you have left today.`;
  return planned.made_before ? [taken, planned.made_before === 1 ? "One of them is rendered already and not made again." : `${planned.made_before} of them are rendered already and not made again.`] : [taken];
}

function allow(words, isAllowed) {
  find("#make-words").textContent = words;
  button.setAttribute("aria-disabled", String(!isAllowed));
}

function showPlan(making) {
  const { count } = planned;
  plan.replaceChildren(
    make("p", { class: "plan-count tabular" }, plural(count, "video")),
    make("div", { class: "plan-facts tabular" },
      ...meansWords({ count, making }).map((words) => make("p", {}, words)),
      make("p", {}, `Ready ${roughTime(planned.estimate_s).replace(/^a few/, "in a few").replace(/^about/, "in about")} once it is your turn.`)));
  const isShort = making === "free" ? count - planned.made_before > planned.renders_left : planned.missing_credits > 0;
  if (isShort && making === "free") problems.replaceChildren(notice("warn", planned.renders_left ? `That is more than the ${plural(planned.renders_left, "free render")} you have left today.` : "You have no free render left today.", "Make the set smaller, wait until midnight UTC, or make clean exports for credits."));
  else if (isShort) problems.replaceChildren(notice("warn", `You need ${plural(planned.missing_credits, "credit")} more.`, "Make the set smaller or get credits first; nothing is reserved yet.", make("a", { href: "/credits/buy/" }, "Get credits")));
  else problems.replaceChildren();
  allow(`Make ${plural(count, "video")}`, !isShort);
}

async function ask() {
  clearTimeout(timer);
  const number = ++asked;
  const lists = wanted();
  const count = [lists.hooks, lists.voices, lists.captions, lists.shapes].reduce((all, list) => all * Math.max(1, list.length), 1);
  if (count < 2) {
    planned = null;
    plan.removeAttribute("aria-busy");
    plan.replaceChildren(make("p", { class: "field-hint" }, "Choose a second hook, voice, caption style or shape, and see here what the set takes."));
    problems.replaceChildren();
    allow("Make them", false);
    return;
  }
  plan.setAttribute("aria-busy", "true");
  try {
    const answer = await request("POST", `/projects/${state.project}/variants/plan`, lists);
    if (number !== asked) return;
    planned = answer;
    showPlan(lists.making);
  } catch (problem) {
    if (number !== asked) return;
    planned = null;
    plan.replaceChildren();
    problems.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
    allow("Make them", false);
  } finally {
    if (number === asked) plan.removeAttribute("aria-busy");
  }
}

const wanted = startLists(state, () => {
  clearTimeout(timer);
  timer = setTimeout(ask, ASK_AFTER_MS);
});

async function start(event) {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true" || button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  const lists = wanted();
  const name = `variants:${state.project}:${JSON.stringify(lists)}`;
  try {
    const batch = await request("POST", `/projects/${state.project}/variants`, lists, { headers: { "Idempotency-Key": orderKey(name) } });
    forgetOrderKey(name);
    const element = setOf(batch, { onOver: ask });
    sets.prepend(element);
    element.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    announce(`${plural(batch.count, "video")} ordered.`);
  } catch (problem) {
    if (!problem.isNetwork) forgetOrderKey(name);
    problems.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
    button.removeAttribute("aria-busy");
    return;
  }
  button.removeAttribute("aria-busy");
  await ask();
}

form.addEventListener("submit", start);
sets.replaceChildren(...state.sets.map((batch) => setOf(batch, { onOver: ask })));
ask();
document.documentElement.dataset.ready = "true";
