// A small question with one line to answer.
import { find, make } from "./ui.js";

/** Resolves to what was typed, or null when it was left; Escape leaves. `list` is the id of a datalist. */
export function askFor({ title, label, hint = "", value = "", action, maxLength = 120, list = null, isNeeded = false }) {
  return new Promise((resolve) => {
    const field = make("input", { class: "input", id: "ask-value", name: "value", type: "text", maxlength: String(maxLength), list, autocomplete: "off", required: isNeeded, "aria-describedby": hint ? "ask-hint" : null });
    field.value = value;
    const dialog = make("dialog", { class: "dialog", "aria-labelledby": "ask-title" },
      make("form", { method: "dialog", class: "dialog-body" },
        make("h2", { id: "ask-title" }, title),
        make("div", { class: "field" },
          make("label", { class: "field-label", for: "ask-value" }, label),
          field,
          hint && make("p", { class: "field-hint", id: "ask-hint" }, hint)),
        make("div", { class: "dialog-actions" },
          make("button", { class: "button button-outline", type: "button", onclick: () => dialog.close() }, "Cancel"),
          make("button", { class: "button button-ink", type: "submit", value: "yes" }, action))));
    document.body.append(dialog);
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes" ? field.value.trim() : null);
      dialog.remove();
    });
    dialog.showModal();
    find("#ask-value", dialog).select();
  });
}
