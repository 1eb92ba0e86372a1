// Small helpers that every page's script shares. No framework: elements in, elements out.

export const find = (selector, root = document) => root.querySelector(selector);
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

const SVG = "http://www.w3.org/2000/svg";

/** An icon of the sprite, as decoration. */
export function icon(name, cssClass = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${cssClass}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/** make("button", {class: "button", type: "button", onclick}, "Text", child): text is always text, never HTML. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** 7.4 -> "0:07" */
export function clockTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds + 0.05)); // 2.96 s are three seconds to everybody
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** 83 -> "about 1 min 25 s", in steps that do not pretend to be exact. */
export function roughTime(seconds) {
  if (seconds < 5) return "a few seconds";
  const rounded = Math.ceil(seconds / 5) * 5;
  if (rounded < 60) return `about ${rounded} s`;
  const rest = rounded % 60;
  return rest ? `about ${Math.floor(rounded / 60)} min ${rest} s` : `about ${rounded / 60} min`;
}

export function fileSize(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB` : `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}

/** A sentence + its next step, next to the thing it is about. */
export function notice(kind, sentence, nextStep = "", ...actions) {
  const symbol = kind === "good" ? "check" : kind === "info" ? "info" : "warning";
  const words = make("div", { class: "grow" }, make("span", { class: "notice-title" }, sentence));
  if (nextStep) words.append(make("span", { class: "notice-next" }, nextStep));
  words.append(...actions);
  return make("div", { class: `notice notice-${kind}`, role: kind === "bad" ? "alert" : null }, icon(symbol), words);
}

export function toast(text, { action = null, onAction = null, lasts_ms = 6000 } = {}) {
  const box = make("div", { class: "toast" }, make("span", {}, text));
  const close = () => box.remove();
  if (action) {
    box.append(make("button", { class: "button button-small", type: "button", onclick: () => { close(); onAction(); } }, action));
  }
  box.append(make("button", { class: "button button-small button-icon", type: "button", "aria-label": "Dismiss", onclick: close }, icon("close")));
  find("#toasts").append(box);
  if (lasts_ms) setTimeout(close, lasts_ms);
  return close;
}

/** Asks before something that cannot be undone. Resolves to true or false; Escape means no. */
export function confirmDialog({ title, text, action, danger = true }) {
  return new Promise((resolve) => {
    const dialog = make("dialog", { class: "dialog", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
      make("form", { method: "dialog", class: "dialog-body" },
        make("h2", { id: "confirm-title" }, title),
        make("p", { id: "confirm-text", class: "muted" }, text),
        make("div", { class: "dialog-actions" },
          make("button", { class: "button button-outline", value: "no" }, "Keep it"),
          make("button", { class: `button ${danger ? "button-danger" : "button-ink"}`, value: "yes" }, action))));
    document.body.append(dialog);
    dialog.addEventListener("close", () => { resolve(dialog.returnValue === "yes"); dialog.remove(); });
    dialog.showModal();
  });
}

/** Says something to screen readers without moving the focus. */
export function announce(text) {
  let region = find("#announcer");
  if (!region) {
    region = make("div", { id: "announcer", class: "visually-hidden", role: "status", "aria-live": "polite" });
    document.body.append(region);
  }
  region.textContent = "";
  requestAnimationFrame(() => { region.textContent = text; });
}

/** Tabs after the ARIA pattern: arrows move, Home and End jump. Calls onChange(id of the panel). */
export function tabs(list, onChange = () => {}) {
  const buttons = findAll("[role=tab]", list);
  const select = (button, { focus = false, quiet = false } = {}) => {
    for (const other of buttons) {
      const chosen = other === button;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    if (focus) button.focus();
    if (!quiet) onChange(button.getAttribute("aria-controls"));
  };
  list.addEventListener("click", (event) => {
    const button = event.target.closest("[role=tab]");
    if (button) select(button);
  });
  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const last = buttons.length - 1;
    const next = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    select(buttons[next], { focus: true });
  });
  return { select: (panelId, options) => select(buttons.find((button) => button.getAttribute("aria-controls") === panelId), options) };
}
