// What every page has: the theme switch, menus, toasts that came with the page.
import { find, findAll, icon } from "./ui.js";

const THEMES = ["system", "light", "dark"];
const THEME_ICONS = { system: "monitor", light: "sun", dark: "moon" };

function storedTheme() {
  try {
    return localStorage.getItem("theme") || "system";
  } catch {
    return "system";
  }
}

function applyTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const button of findAll("[data-theme-toggle]")) {
    find("svg", button).replaceWith(icon(THEME_ICONS[theme]));
    find("[data-theme-label]", button).textContent = `Theme: ${theme}`;
  }
}

function wireTheme() {
  applyTheme(storedTheme());
  for (const button of findAll("[data-theme-toggle]")) {
    button.addEventListener("click", () => {
      const theme = THEMES[(THEMES.indexOf(storedTheme()) + 1) % THEMES.length];
      try {
        localStorage.setItem("theme", theme);
      } catch {
        // Without storage the choice holds for this page.
      }
      applyTheme(theme);
    });
  }
}

/** A button that opens a list: Escape and a click elsewhere close it, arrows walk through it. */
export function wireMenu(menu) {
  const button = find("[data-menu-button]", menu);
  const list = find("[data-menu-list]", menu);
  const items = () => findAll(".menu-item", list);
  const toggle = (open) => {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => toggle(list.hidden));
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) toggle(false);
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) toggle(false);
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) {
      toggle(false);
      button.focus();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (list.hidden) toggle(true);
    const all = items();
    const step = event.key === "ArrowDown" ? 1 : -1;
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
}

wireTheme();
findAll("[data-menu]").forEach(wireMenu);
for (const box of findAll("[data-toast]")) {
  find("[data-toast-close]", box).addEventListener("click", () => box.remove());
  setTimeout(() => box.remove(), 8000);
}
