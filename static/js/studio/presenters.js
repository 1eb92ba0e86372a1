// Presenters of one's own: save who speaks here with voice and manner, let them speak in other videos, remove them.
import { request } from "../api.js";
import { askFor } from "../asking.js";
import { announce, confirmDialog, find, findAll, icon, make, toast } from "../ui.js";
import { isStated } from "./consent.js";
import { isDub, sourceOf } from "./source.js";

const MANNER = ["script_voice", "script_rate", "script_pitch", "face_index", "style", "emotion", "intensity", "blink", "gaze", "brow", "head", "keep_background", "strength", "adapt"];

const tell = (problem) => toast(`${problem.sentence} ${problem.nextStep}`);

export function startPresenters(store, stage) {
  const actions = find("#presenter-actions");
  const removal = find("#remove-presenter");
  const place = isDub(store.project) ? find(".own-clips") : find("#portrait-choices");
  const tiles = () => findAll("[data-own-presenter]", place);
  const chosen = () => tiles().find((tile) => tile.dataset.source === sourceOf(store.project)?.id);

  const show = () => {
    const source = sourceOf(store.project);
    actions.hidden = !(source?.state === "ready" && isStated(source));
    for (const tile of tiles()) tile.setAttribute("aria-pressed", String(tile === chosen()));
    removal.hidden = !chosen();
    if (isDub(store.project)) place.hidden = tiles().length === 0;
  };

  const use = async (tile) => {
    if (tile.getAttribute("aria-busy")) return;
    tile.setAttribute("aria-busy", "true");
    try {
      await store.flush();
      const project = await request("PATCH", `/projects/${store.project.id}`, { presenter: tile.dataset.ownPresenter });
      store.adopt(project, [isDub(project) ? "clip" : "portrait", ...MANNER.filter((name) => name === "face_index" || (project[name] ?? null) !== null)]);
      stage.show("portrait");
      announce(`${tile.title} speaks now.`);
    } catch (problem) {
      tell(problem);
    } finally {
      tile.removeAttribute("aria-busy");
    }
  };

  const add = ({ id, name, source }) => {
    const shown = sourceOf(store.project);
    const address = shown.preview_url ?? (shown.kind === "portrait" && shown.viewable ? shown.url : null);
    const tile = make("button", { class: "portrait-tile portrait-own", type: "button", "data-own-presenter": id, "data-source": source, "aria-label": `${name}, your presenter`, title: name },
      address ? make("img", { src: address, alt: "", width: "96", height: "96" }) : icon("face"));
    const first = find("[data-own-presenter], [data-presenter]", place);
    place.insertBefore(tile, first);
  };

  find("#save-presenter").addEventListener("click", async () => {
    const name = await askFor({ title: "Save as my presenter", label: "Name", hint: "Keeps the picture or clip with its voice and manner, for other videos.", value: store.project.title, maxLength: 60, action: "Save", isNeeded: true });
    if (!name) return;
    try {
      await store.flush();
      add(await request("POST", "/presenters", { project: store.project.id, name }));
      show();
      toast(`${name} is one of your presenters now.`);
    } catch (problem) {
      tell(problem);
    }
  });
  removal.addEventListener("click", async () => {
    const tile = chosen();
    const sure = await confirmDialog({ title: `Remove ${tile.title}?`, text: "Videos they speak in stay as they are.", action: "Remove" });
    if (!sure) return;
    try {
      await request("DELETE", `/presenters/${tile.dataset.ownPresenter}`);
      tile.remove();
      show();
      find("#save-presenter").focus();
    } catch (problem) {
      tell(problem);
    }
  });
  place.addEventListener("click", (event) => {
    const tile = event.target.closest("[data-own-presenter]");
    if (tile) use(tile);
  });
  store.addEventListener("change", ({ detail }) => {
    if (detail.includes("portrait") || detail.includes("clip")) show();
  });
  show();
}
