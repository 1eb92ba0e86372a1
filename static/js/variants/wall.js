// One set of variants as a wall: where each is, and all that are done side by side.
import { request } from "../api.js";
import { announce, clockTime, confirmDialog, icon, make, roughTime, toast } from "../ui.js";

const ASK_MS = 1200;
const STATES = { waiting: "Follows, free, when the paid one is done", queued: "Waiting for its turn", running: "Being made", cancelled: "Stopped", removed: "Deleted", failed: "Did not work" };

const told = (problem) => toast(`${problem.sentence ?? "That did not work."} ${problem.nextStep ?? ""}`);

/** The element of a set; it follows the set by itself while it is on the page. `onOver`: when something ended. */
export function setOf(batch, { onOver }) {
  const facts = make("p", { class: "set-facts tabular" });
  const bar = make("progress", { class: "progress", max: 1, "aria-label": "Progress of this set" });
  const buttons = make("div", { class: "set-buttons" });
  const wall = make("ul", { class: "wall" });
  const made = new Date(batch.created_at);
  const title = make("h2", {}, `${batch.making === "free" ? "Free set" : "Clean set"}, ${made.toLocaleString("en", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" })}`);
  const element = make("section", { class: "set", "data-set": batch.id, "aria-label": title.textContent }, make("div", { class: "set-head" }, make("div", {}, title, facts), buttons), bar, wall);
  const cards = new Map();
  let onlyPicks = false;

  const videos = () => [...wall.querySelectorAll("li:not([hidden]) video")];
  const playAll = async () => {
    const all = videos();
    const isPlaying = all.some((video) => !video.paused);
    for (const video of all) {
      if (isPlaying) video.pause();
      else { video.currentTime = 0; video.play().catch(() => {}); }
    }
    drawButtons();
  };
  const hear = (variant) => {
    for (const [id, card] of cards) card.sound(id === variant.id && card.isMuted());
  };

  const send = async (method, path, body, then) => {
    try {
      await then(await request(method, path, body));
    } catch (problem) {
      told(problem);
    }
  };
  const again = (variant) => send("POST", `/variants/${variant.id}/retry`, undefined, refresh);
  const change = (variant, changes) => send("PATCH", `/variants/${variant.id}`, changes, (now) => {
    Object.assign(batch.variants.find((one) => one.id === variant.id), now);
    draw();
  });
  const cancel = () => send("POST", `/batches/${batch.id}/cancel`, undefined, (now) => { update(now); onOver(); });
  const remove = async () => {
    const sure = await confirmDialog({ title: "Delete this set?", text: "Its videos are deleted for good. The project stays as it is.", action: "Delete for good" });
    if (sure) await send("DELETE", `/batches/${batch.id}`, undefined, () => { element.remove(); onOver(); });
  };

  const drawButtons = () => {
    const ghost = { class: "button button-outline button-small", type: "button" };
    const isPlaying = videos().some((video) => !video.paused);
    buttons.replaceChildren(
      batch.done > 0 && make("button", { ...ghost, onclick: playAll }, icon(isPlaying ? "pause" : "play"), isPlaying ? "Pause all" : "Play together") || "",
      batch.variants.some((one) => one.is_favourite) && make("button", { ...ghost, "aria-pressed": String(onlyPicks), onclick: () => { onlyPicks = !onlyPicks; draw(); } }, icon("star"), onlyPicks ? "Show all" : "Only picks") || "",
      batch.is_over
        ? make("button", { class: "button button-ghost button-small", type: "button", onclick: remove }, icon("trash"), "Delete set")
        : make("button", { ...ghost, onclick: cancel }, icon("stop"), "Cancel all"));
  };

  const draw = () => {
    const left = batch.eta_s && !batch.is_over ? ` · ${roughTime(batch.eta_s)} left` : "";
    const failed = batch.failed ? ` · ${batch.failed} did not work` : "";
    facts.textContent = `${batch.done} of ${batch.count} done${failed}${left}`;
    bar.value = batch.fraction;
    bar.hidden = batch.is_over;
    for (const variant of batch.variants) {
      let card = cards.get(variant.id);
      if (!card) {
        card = cardOf({ again, change, hear, onPlay: drawButtons });
        cards.set(variant.id, card);
        wall.append(card.element);
      }
      card.update(variant);
      card.element.hidden = variant.state === "removed" || (onlyPicks && !variant.is_favourite);
    }
    drawButtons();
  };

  const update = (now) => {
    const wasOver = batch.is_over;
    Object.assign(batch, now);
    draw();
    if (batch.is_over && !wasOver) {
      announce(`The set is done: ${batch.done} of ${batch.count}.`);
      onOver();
    }
  };
  const refresh = async () => {
    await request("GET", `/batches/${batch.id}`).then(update, () => {});
    follow();
  };
  let following = 0;
  const follow = () => {
    clearTimeout(following);
    if (!batch.is_over) following = setTimeout(() => element.isConnected && refresh(), ASK_MS);
  };

  draw();
  follow();
  return element;
}

/** One variant: its picture, player, name and buttons. */
function cardOf({ again, change, hear, onPlay }) {
  const picture = make("div", { class: "variant-picture is-empty" });
  const name = make("textarea", { class: "variant-name", rows: "1", maxlength: "120", dir: "auto", "aria-label": "Name of this variant" });
  const row = make("div", { class: "variant-buttons" });
  const failure = make("p", { class: "variant-failure", hidden: true });
  const element = make("li", { class: "variant card" }, picture, make("div", { class: "variant-words" }, name, failure, row));
  let variant = null;
  let video = null;
  let drawn = "";

  name.addEventListener("change", () => {
    if (name.value.trim() && name.value !== variant.name) change(variant, { name: name.value });
    else name.value = variant.name;
  });
  name.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); name.blur(); } });

  const showVideo = () => {
    video = make("video", { playsInline: true, muted: true, loop: true, preload: "metadata", controls: false, "aria-label": variant.name });
    video.src = variant.render.output_url;
    if (variant.render.thumbnail_url) video.poster = variant.render.thumbnail_url;
    let renewed = false;
    video.addEventListener("error", async () => {
      if (renewed) return;
      renewed = true; // links last an hour
      const fresh = await request("GET", `/jobs/${variant.render.id}`).catch(() => null);
      if (fresh?.output_url) video.src = fresh.output_url;
    });
    for (const event of ["play", "pause"]) video.addEventListener(event, () => { drawRow(); onPlay(); });
    video.addEventListener("volumechange", () => drawRow());
    picture.classList.remove("is-empty");
    picture.replaceChildren(video);
  };

  const drawRow = () => {
    const small = { class: "button button-ghost button-small button-icon", type: "button" };
    const parts = [];
    if (video) {
      parts.push(
        make("button", { ...small, "aria-label": `${video.paused ? "Play" : "Pause"} ${variant.name}`, onclick: () => (video.paused ? video.play().catch(() => {}) : video.pause()) }, icon(video.paused ? "play" : "pause")),
        make("button", { ...small, "aria-label": `Hear ${variant.name}`, "aria-pressed": String(!video.muted), onclick: () => hear(variant) }, icon(video.muted ? "muted" : "volume")),
        make("button", { ...small, "aria-label": `Pick ${variant.name}`, "aria-pressed": String(variant.is_favourite), onclick: () => change(variant, { is_favourite: !variant.is_favourite }) }, icon("star")),
        make("span", { class: "set-facts tabular grow" }, clockTime(variant.render.duration_s ?? 0)),
        make("a", { class: "button button-ink button-small button-icon", href: variant.render.download_url, download: "", "aria-label": `Download ${variant.name}` }, icon("download")));
    } else if (["failed", "cancelled"].includes(variant.state)) {
      parts.push(make("button", { class: "button button-ink button-small", type: "button", onclick: (event) => { event.currentTarget.setAttribute("aria-busy", "true"); again(variant); } }, icon("refresh"), "Try again"));
    }
    const focused = row.contains(document.activeElement) ? [...row.children].indexOf(document.activeElement) : -1;
    row.replaceChildren(...parts);
    if (focused >= 0) row.children[Math.min(focused, row.children.length - 1)]?.focus();
  };

  const update = (now) => {
    variant = now;
    element.dataset.favourite = String(now.is_favourite);
    element.dataset.state = now.state;
    if (document.activeElement !== name) name.value = now.name;
    const key = `${now.state} ${now.render?.id}`;
    if (now.state === "succeeded" && now.render?.output_url) {
      if (drawn !== key) showVideo();
    } else {
      video = null;
      picture.classList.add("is-empty");
      const bar = now.state === "running" ? make("progress", { class: "progress progress-thin", max: 1, value: now.fraction, "aria-label": `Progress of ${now.name}` }) : "";
      picture.replaceChildren(make("span", {}, now.state === "running" ? `${Math.floor(now.fraction * 100)} %` : STATES[now.state] ?? "Working"), bar);
    }
    failure.hidden = now.state !== "failed" || !now.failure;
    failure.textContent = now.failure ? `${now.failure.sentence} ${now.failure.next_step}` : "";
    if (drawn !== key || video) drawRow();
    drawn = key;
  };

  return {
    element,
    update,
    isMuted: () => video?.muted ?? true,
    sound: (isOn) => { if (video) { video.muted = !isOn; if (isOn && video.paused) video.play().catch(() => {}); } },
  };
}
