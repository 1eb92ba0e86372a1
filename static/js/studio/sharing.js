// A private link to a finished video: how long it lasts, copying it, taking it back.
import { request } from "../api.js";
import { announce, icon, make } from "../ui.js";

const DAYS = [[1, "1 day"], [7, "1 week"], [30, "1 month"]];
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function shareButton(render) {
  return make("button", { class: "button button-ghost button-small", type: "button", onclick: () => openDialog(render) }, icon("link"), make("span", { class: "label-wide" }, "Share"));
}

async function openDialog(render) {
  const said = make("p", { class: "field-error", role: "alert" });
  const body = make("div", { class: "share-body" });
  const dialog = make("dialog", { class: "dialog", "aria-labelledby": "share-title" },
    make("div", { class: "dialog-body" },
      make("h2", { id: "share-title" }, "Share this video"),
      make("p", { class: "muted" }, "Whoever has the link can watch it, without an account, until it runs out. The page says that it was made with AI."),
      body, said,
      make("div", { class: "dialog-actions" }, make("button", { class: "button button-outline", type: "button", onclick: () => dialog.close() }, "Close"))));
  const attempt = async (work) => {
    said.textContent = "";
    try {
      await work();
    } catch (problem) {
      said.textContent = `${problem.sentence} ${problem.nextStep}`;
    }
  };
  const share = (days) => attempt(async () => show(await request("POST", `/jobs/${render.id}/share`, { days })));
  const stop = () => attempt(async () => {
    await request("DELETE", `/jobs/${render.id}/share`);
    announce("The link does not work any more.");
    show(null);
  });
  const show = (link) => body.replaceChildren(...(link ? linkRow(link, stop) : []),
    make("div", { class: "field" }, make("span", { class: "field-label", id: "share-days" }, link ? "Let it last from now for" : "Make a link that lasts for"),
      make("div", { class: "row", role: "group", "aria-labelledby": "share-days" }, ...DAYS.map(([days, words]) => make("button", { class: "button button-outline button-small", type: "button", onclick: () => share(days) }, words)))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  show(null);
  dialog.showModal();
  await attempt(async () => {
    const link = await request("GET", `/jobs/${render.id}/share`);
    if (link.url) show(link);
  });
}

function linkRow(link, stop) {
  const field = make("input", { class: "input", type: "text", readOnly: true, value: link.url, "aria-label": "The link" });
  field.addEventListener("focus", () => field.select());
  const copy = make("button", { class: "button button-ink", type: "button" }, icon("copy"), "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(link.url);
    } catch {
      field.select(); // where the clipboard is closed to pages, Ctrl C does it
      return;
    }
    announce("The link is copied.");
    copy.replaceChildren(icon("check"), "Copied");
  });
  return [
    make("div", { class: "share-link" }, field, copy),
    make("p", { class: "field-hint" }, `Works until ${DATE.format(new Date(link.expires_at))}. `, make("button", { class: "link-button", type: "button", onclick: stop }, "Take it back")),
  ];
}
