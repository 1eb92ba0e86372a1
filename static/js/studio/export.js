// The clean export: its price while the project changes, ordering it, and what becomes of those ordered.
import { request } from "../api.js";
import { stageWords, watchJob } from "../jobs.js";
import { announce, clockTime, confirmDialog, fileSize, find, icon, make, notice, roughTime, toast } from "../ui.js";
import { packageButton } from "./extras.js";
import { whatIsMissing } from "./render.js";
import { thumbnailButton } from "./thumbnails.js";

const ASK_AFTER_MS = 700;
const STANDARD_SHORT_SIDE_PX = 1080;

const credits = (count) => `${count.toLocaleString("en")} credit${count === 1 ? "" : "s"}`;

/** "12 seconds × 1 credit", with the factors that apply. */
function sumWords(quote) {
  if (quote.is_paid_before) return "You have paid for this video already; another form of it is free.";
  const parts = [quote.seconds === 1 ? "1 second" : `${quote.seconds} seconds`, credits(quote.credits_per_s)];
  if (quote.size_factor > 1) parts.push(`${quote.size_factor} above 1080p`);
  if (quote.neural_factor > 1) parts.push(`${quote.neural_factor} by the neural engine`);
  const changed = quote.is_exact && quote.seconds < Math.floor(quote.duration_s) ? " Only what you changed is paid again." : "";
  return `${parts.join(" × ")}${changed ? "." : ""}${changed}`;
}

/** "Best upright, 9:16. At most 8 Mbit/s, a keyframe every 2 s, loudness −14 LUFS." */
function presetWords(preset) {
  if (!preset) return "";
  const facts = [
    preset.bitrate_max_kbps && `at most ${preset.bitrate_max_kbps / 1000} Mbit/s`,
    preset.keyframe_s && `a keyframe every ${preset.keyframe_s} s`,
    preset.loudness_lufs && `sound at −${-preset.loudness_lufs} LUFS`,
  ].filter(Boolean).join(", ");
  return `${preset.hint}.${facts ? ` ${facts[0].toUpperCase()}${facts.slice(1)}.` : ""}`;
}

// Not named "startExport": the hashing of file names takes “Export } from” in an import for an export.
export function startExporting(store) {
  const panel = find("#export");
  const choices = find("#export-choices");
  const preset = find("#export-preset");
  const resolution = find("#export-resolution");
  const label = find("#export-label");
  const price = find("#export-price");
  const problems = find("#export-problem");
  const actions = find("#export-actions");
  const list = find("#export-list");
  let exports = JSON.parse(find("#studio-exports").textContent);
  let quote = null;
  let asked = 0;
  let timer = null;
  let renewal = null;

  /** The format that was chosen in this tab, for as long as the page cannot show it. */
  const place = `format:${store.project.id}`;
  const remembered = () => { try { return sessionStorage.getItem(place); } catch { return null; } };
  const remember = (name) => { try { sessionStorage.setItem(place, name); } catch { /* a browser that keeps nothing */ } };

  const wanted = () => ({
    preset: preset.value || remembered() || null,
    resolution: resolution.value,
    label_corner: label.checked ? store.project.label_corner : null,
  });

  const showPresets = () => {
    const chosen = quote.preset;
    const optionOf = (one) => {
      const option = make("option", { value: one.name }, `${one.label} · ${fileSize(one.size_bytes)}`);
      option.selected = one.name === chosen;
      return option;
    };
    const groups = [["Formats", false], ["Made for", true]].map(([label, platform]) => [label, quote.presets.filter((one) => one.platform === platform)]);
    preset.replaceChildren(...groups.filter(([, all]) => all.length).map(([label, all]) => {
      const group = make("optgroup", { label });
      group.append(...all.map(optionOf));
      return group;
    }));
    find("#export-preset-hint").textContent = presetWords(quote.presets.find((one) => one.name === chosen));
    const isLarge = Math.min(quote.width_px, quote.height_px) > STANDARD_SHORT_SIDE_PX;
    find("#export-resolution-field").hidden = !isLarge && resolution.value === "source";
  };

  const showPrice = () => {
    const size = `${quote.width_px} × ${quote.height_px}, ${quote.frames_per_second} frames a second, about ${fileSize(quote.size_bytes)}`;
    const estimate = quote.is_exact ? "" : "At most: the voice has not spoken it yet. What it does not use stays yours.";
    price.replaceChildren(
      make("p", { class: "export-total tabular" }, quote.credits ? quote.credits.toLocaleString("en") : "Free", quote.credits ? make("small", {}, quote.credits === 1 ? "credit" : "credits") : ""),
      make("p", { class: "export-sum" }, sumWords(quote)),
      estimate ? make("p", { class: "export-sum" }, estimate) : "",
      make("p", { class: "export-fact tabular" }, size),
      make("p", { class: "export-balance" }, make("span", {}, "You have"), make("strong", { id: "export-balance" }, credits(quote.balance_credits))));
  };

  const showActions = () => {
    if (quote.is_in_making) {
      actions.replaceChildren(make("p", { class: "field-hint" }, "This video is being exported right now; see below. Change something to export another one."));
      return;
    }
    if (quote.missing_credits) {
      actions.replaceChildren(...wayToCredits(quote));
      return;
    }
    const words = quote.credits ? `Export clean for ${credits(quote.credits)}` : "Export clean, free of charge";
    actions.replaceChildren(make("button", { class: "button button-ink button-wide", type: "button", id: "export-order", onclick: order }, icon("download"), words));
  };

  const showQuote = () => {
    choices.hidden = false;
    showPresets();
    showPrice();
    showActions();
    clearTimeout(renewal);
    renewal = setTimeout(ask, Math.max(0, new Date(quote.valid_until) - Date.now()) + 500);
  };

  /** Without a price: why, and the way there. Formats that are known by now stay, with the one that was chosen. */
  const showNothing = ({ words, scene, scene_words: label }) => {
    quote = null;
    choices.hidden = !preset.value;
    price.replaceChildren(make("p", { class: "export-sum" }, words));
    actions.replaceChildren(scene ? make("button", { class: "button button-outline button-wide", type: "button", onclick: () => { store.choose(scene); find("#step-scene").scrollIntoView({ block: "nearest", behavior: "smooth" }); } }, label) : "");
  };

  const ask = async () => {
    clearTimeout(timer);
    if (!panel.open) return;
    const missing = whatIsMissing(store.project);
    if (missing) {
      asked += 1; // an answer that is on its way is about what was there before
      price.removeAttribute("aria-busy");
      problems.replaceChildren();
      showNothing(missing);
      return;
    }
    const number = ++asked;
    price.setAttribute("aria-busy", "true");
    try {
      await store.flush();
      const answer = await request("POST", `/projects/${store.project.id}/quote`, wanted());
      if (number !== asked) return; // an older answer than the one that is awaited
      quote = answer;
      problems.replaceChildren();
      showQuote();
    } catch (problem) {
      if (number !== asked) return;
      if (problem.code === "option_invalid" && (preset.value || remembered())) { // the background changed, and with it the formats
        preset.value = "";
        remember("");
        ask();
        return;
      }
      showNothing({ words: "No price at the moment." });
      problems.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
    } finally {
      if (number === asked) price.removeAttribute("aria-busy");
    }
  };

  const askSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_AFTER_MS);
  };

  const order = async () => {
    const button = find("#export-order");
    if (!quote || button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    problems.replaceChildren();
    try {
      const job = await request("POST", `/quotes/${quote.id}/export`);
      put(job);
      announce("The export has started.");
      follow(job);
      await ask();
    } catch (problem) {
      button.removeAttribute("aria-busy");
      problems.replaceChildren(notice("bad", problem.sentence, problem.nextStep));
      if (problem.code === "quote_expired" || problem.code === "credits_short") await ask();
    }
  };

  const put = (job) => {
    const at = exports.findIndex((other) => other.id === job.id);
    if (at < 0) exports = [job, ...exports];
    else exports = exports.map((other, index) => (index === at ? { ...other, ...job } : other));
    const item = find(`[data-export="${job.id}"]`, list);
    if (item && job.type === "progress" && item.update) item.update(job);
    else drawList();
  };

  const follow = (job) => {
    watchJob(job.id, async (message) => {
      if (message.type !== "done") {
        put({ ...message, id: job.id });
        return;
      }
      const all = await request("GET", `/projects/${store.project.id}/exports`).catch(() => null);
      if (all) exports = all;
      else put({ ...message, id: job.id });
      drawList();
      announce(message.state === "succeeded" ? "The export is ready to download." : message.failure?.sentence ?? "");
      askSoon();
    });
  };

  const send = async (method, path, then) => {
    try {
      await then(await request(method, path));
    } catch (problem) {
      toast(`${problem.sentence} ${problem.nextStep}`);
    }
  };

  const cancel = (job) => send("POST", `/jobs/${job.id}/cancel`, (now) => put(now));
  const again = (job) => send("POST", `/jobs/${job.id}/retry`, async (next) => {
    put(next);
    follow(next);
    await ask();
  });
  const remove = async (job) => {
    const isDone = job.state === "succeeded";
    const sure = !isDone || await confirmDialog({ title: "Delete this export?", text: "The clean file is deleted for good, and its credits stay spent.", action: "Delete for good" });
    if (!sure) return;
    await send("DELETE", `/jobs/${job.id}`, () => {
      exports = exports.filter((other) => other.id !== job.id);
      drawList();
      askSoon();
    });
  };

  const drawList = () => {
    list.replaceChildren(...exports.map((job) => itemOf(store, job, { cancel, again, remove })));
  };

  panel.addEventListener("toggle", ask);
  preset.addEventListener("change", () => remember(preset.value));
  for (const field of [preset, resolution, label]) field.addEventListener("change", ask);
  store.addEventListener("change", askSoon);
  addEventListener("focus", () => panel.open && quote?.missing_credits && ask()); // back from buying credits
  drawList();
  for (const job of exports) if (job.type !== "done") follow(job);
  if (exports.some((job) => job.type !== "done") || location.hash === "#export") panel.open = true;
}

/** What to do when credits are short: where they are sold, or who can give some. */
function wayToCredits(quote) {
  const short = `You need ${credits(quote.missing_credits)} more.`;
  if (!quote.can_buy) {
    return [notice("info", short, "Buying is not set up on this site. Whoever runs it can add credits to your account; free renders work as always.")];
  }
  return [
    notice("info", short, "Nothing is reserved or charged yet."),
    make("a", { class: "button button-primary button-wide", href: quote.top_up_url, target: "_blank", rel: "noopener" }, icon("plus"), "Get credits"),
  ];
}

function itemOf(store, job, { cancel, again, remove }) {
  const item = make("li", { class: "export-item", "data-export": job.id, "data-state": job.state });
  if (job.type !== "done") drawRunning(item, job, cancel);
  else if (job.state === "succeeded" && job.download_url) drawDone(store, item, job, remove);
  else drawFailed(item, job, again, remove);
  return item;
}

function drawRunning(item, job, cancel) {
  const words = make("span", { class: "export-item-title" });
  const facts = make("span", { class: "export-item-facts tabular" });
  const bar = make("progress", { class: "progress", max: 1, "aria-label": "Exporting" });
  const stop = make("button", { class: "button button-small", type: "button", onclick: () => { stop.disabled = true; cancel(job); } }, icon("stop"), "Cancel");
  item.append(make("div", { class: "export-item-head" }, make("div", {}, words, facts), stop), bar);
  item.update = (now) => {
    const isWaiting = now.stage === "queued";
    const left = now.eta_s ? ` · ${roughTime(now.eta_s)} left` : "";
    words.textContent = stageWords(now);
    facts.textContent = `${isWaiting ? "" : `${Math.floor(now.fraction * 100)} %${left} · `}${credits(job.held_credits)} reserved`;
    if (isWaiting) bar.removeAttribute("value");
    else bar.value = Math.max(bar.hasAttribute("value") ? bar.value : 0, now.fraction);
    stop.disabled = now.state === "cancelling";
  };
  item.update(job);
}

function drawDone(store, item, job, remove) {
  const facts = [`${job.width_px} × ${job.height_px}`, clockTime(job.duration_s ?? 0), fileSize(job.size_bytes ?? 0), job.charged_credits ? credits(job.charged_credits) : "free"];
  item.append(make("div", { class: "export-item-head" },
    make("div", {}, make("span", { class: "export-item-title" }, "Clean export"), make("span", { class: "export-item-facts tabular" }, facts.join(" · "))),
    make("div", { class: "export-item-buttons" },
      make("button", { class: "button button-ghost button-small button-icon", type: "button", "aria-label": "Delete this export", onclick: () => remove(job) }, icon("trash")),
      thumbnailButton(store, job, { small: true }),
      packageButton(job, { small: true }),
      make("a", { class: "button button-ink button-small", href: job.download_url, download: "" }, icon("download"), "Download"))));
  if (job.credentials_url) {
    item.append(make("a", { class: "small", href: job.credentials_url, download: "" }, "Content credentials (.c2pa), to go with the file"));
  }
}

function drawFailed(item, job, again, remove) {
  const failure = job.failure ?? {};
  const cancelled = job.state === "cancelled";
  const step = `${failure.next_step ?? ""}${(failure.next_step ?? "").includes("cost") ? "" : " Your credits are back."}`;
  item.append(notice(cancelled ? "info" : "bad", failure.sentence ?? "Something went wrong.", step,
    make("div", { class: "row notice-actions" },
      make("button", { class: "button button-ink button-small", type: "button", onclick: () => again(job) }, icon("refresh"), cancelled ? "Start again" : "Try again"),
      make("button", { class: "button button-ghost button-small", type: "button", onclick: () => remove(job) }, icon("trash"), "Remove"))));
}
