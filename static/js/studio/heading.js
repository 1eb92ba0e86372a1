// The head of a project's page: its title, and the way to the trash.
import { request } from "../api.js";
import { confirmDialog, find, toast } from "../ui.js";
import { rememberTrashed } from "../undo_trash.js";

export function wireTitle(store) {
  const title = find("#title");
  title.addEventListener("input", () => store.set({ title: title.value }));
  store.addEventListener("change", ({ detail }) => {
    if (detail.includes("title") && title.value !== store.project.title) title.value = store.project.title;
  });
  title.addEventListener("keydown", (event) => event.key === "Enter" && title.blur());
}

/** `what`: “video” or “film”; `stays`: what is not lost with it. */
export function wireDeleting(store, { what = "video", stays = "" } = {}) {
  find("#delete-project").addEventListener("click", async () => {
    const sure = await confirmDialog({
      title: `Move this ${what} to the trash?`,
      text: `What is being made of it stops, and links to it show nothing. ${stays}You can restore it for 30 days; then it is deleted for good.`,
      action: "To the trash",
    });
    if (!sure) return;
    try {
      await store.flush();
      await request("POST", `/projects/${store.project.id}/trash`);
      rememberTrashed([store.project.id]);
      location.href = find("#studio").dataset.library;
    } catch (problem) {
      toast(`${problem.sentence} ${problem.nextStep}`);
    }
  });
}
