// The timeline under the stage: what is heard and what the mouth does, in step with the video; changing it; taking it along.
import { clockTime, find, icon, make, notice } from "../ui.js";
import { sendFile } from "./uploading.js";
import { drawTrack } from "./timeline_drawing.js";
import { Selection } from "./timeline_selection.js";
import { TrackSource } from "./track_source.js";
import { editTrack, trackFile } from "./track_edits.js";

const WAIT_MS = 1500; // after the last change to the words, before the voice is listened to again
const VOICE_FIELDS = ["voice", "track", "voice_source", "script", "script_voice", "script_rate", "script_pitch", "pronunciations", "moved_by", "voice_start_s", "voice_end_s", "clean_voice"];
const METHOD_WORDS = { script: "Exact times of the typed words", decoded: "Sounds recognised in the recording", learned: "Learned from speech", edited: "Changed by you" };

export function startTimeline(store) {
  return new Timeline(store);
}

/** How long the opening card of the video is that is looked at: what is heard begins after it. */
const cardBefore_s = (player) => Math.max(0, -Number(player.dataset.clipStart ?? 0));

class Timeline {
  constructor(store) {
    this.store = store;
    this.root = find("#timeline");
    this.canvas = find("#timeline-canvas");
    this.inner = find("#timeline-inner");
    this.source = new TrackSource(store);
    this.found = null; // {track, words, duration_s, sound_url}
    this.audio = null;
    this.selection = new Selection(store, this);
    this.root.addEventListener("toggle", () => this.onToggle());
    new ResizeObserver(() => this.draw()).observe(this.inner);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new MutationObserver(() => this.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    find("#timeline-zoom").addEventListener("input", (event) => { this.inner.style.width = `${event.target.value * 100}%`; });
    find("#timeline-play").addEventListener("click", () => this.togglePlaying());
    this.wireFiles();
    store.addEventListener("change", ({ detail }) => this.onChange(detail));
    store.addEventListener("saved", () => this.isWanted && this.later());
    find("#step-movement")?.addEventListener("pointerenter", () => this.wantMood(), { once: true });
    find("#step-movement")?.addEventListener("focusin", () => this.wantMood(), { once: true });
  }

  /** Somebody looks at the timeline, or at the moods, of which the voice proposes one. */
  get isWanted() { return this.root.open || this.isMoodWanted; }

  wantMood() {
    this.isMoodWanted = true;
    if (!this.found) this.refresh();
  }

  onToggle() {
    if (!this.root.open) return;
    this.refresh();
    this.tick();
  }

  onChange(names) {
    if (names.includes("mouth_edits")) this.draw();
    if (!names.some((name) => VOICE_FIELDS.includes(name))) return;
    this.selection.clear();
    if (this.isWanted) this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), WAIT_MS);
  }

  say(...content) { find("#timeline-feedback").replaceChildren(...content); }

  async refresh() {
    const missing = this.source.whyNot();
    if (missing) {
      this.show(null);
      this.say(make("p", { class: "field-hint timeline-empty" }, missing));
      return;
    }
    find("#timeline-state").textContent = "Listening…";
    try {
      await this.store.flush();
      const found = await this.source.find();
      if (found) this.show(found);
    } catch (problem) {
      if (problem.code === "aborted") return;
      this.show(null);
      this.say(notice("bad", problem.sentence, problem.nextStep));
    }
  }

  show(found) {
    this.found = found;
    this.audio?.pause();
    this.audio = null;
    find("#timeline-scroll").hidden = !found;
    find(".timeline-legend").hidden = !found;
    find("#track-export").disabled = !found;
    find("#timeline-play").disabled = !found;
    this.store.proposal = found ? found.emotion ?? false : null;
    this.store.tell(["proposal"]);
    if (!found) {
      find("#timeline-state").textContent = "";
      return;
    }
    this.say();
    this.labels();
    this.draw();
  }

  get edits() { return this.store.project.mouth_edits_apply ? this.store.project.mouth_edits : []; }

  get edited() { return this.found && editTrack(this.found.track, this.selection.preview ?? this.edits); }

  draw() {
    if (!this.found || !this.root.open || !this.canvas.clientWidth) return;
    const edits = this.selection.preview ?? this.edits;
    drawTrack(this.canvas, { track: this.edited, before: this.found.track, edits, duration_s: this.found.duration_s });
    this.selection.place();
    const { project } = this.store;
    const count = edits.length ? ` · ${edits.length} ${edits.length === 1 ? "change" : "changes"}` : "";
    find("#timeline-state").textContent = `${project.track ? "Imported track" : METHOD_WORDS[this.found.track.method] ?? ""}${count}`;
    find("#timeline-words").textContent = edits.length ? `${edits.length} ${edits.length === 1 ? "change" : "changes"} to the mouth` : "What is heard, and what the mouth does";
    this.tellStale();
  }

  /** Changes that were made for other words wait; here they can be used all the same, or thrown away. */
  tellStale() {
    const { project } = this.store;
    const isStale = project.mouth_edits.length > 0 && !project.mouth_edits_apply;
    if (project.track && !isStale) {
      this.say(make("p", { class: "field-hint row" }, `The mouth follows “${project.track.name || "an imported track"}”. `,
        make("button", { class: "link-button", type: "button", onclick: () => this.store.set({ track: null }) }, "Follow the voice again")));
      return;
    }
    if (!isStale) {
      this.say();
      return;
    }
    this.say(notice("info", "Your changes to the mouth were made for other words.", "They wait, and count again when the words come back.",
      make("div", { class: "row notice-actions" },
        make("button", { class: "button button-outline button-small", type: "button", onclick: () => this.setEdits([...project.mouth_edits]) }, "Use them here"),
        make("button", { class: "button button-ghost button-small", type: "button", onclick: () => this.setEdits([]) }, "Remove them"))));
  }

  setEdits(edits) {
    this.store.project.mouth_edits_apply = true; // made for the voice as it is
    this.store.set({ mouth_edits: edits });
  }

  labels() {
    const { words, track, duration_s: duration } = this.found;
    const stretches = words.length ? words : track.speech.map(([start, end], at) => [`Speech ${at + 1}`, start, end]);
    find("#timeline-labels").replaceChildren(...stretches.map(([text, start, end]) => {
      const button = make("button", { class: "timeline-label truncate", type: "button", title: text, onclick: () => this.selection.choose(start, end) }, text);
      const item = make("li", {}, button);
      item.style.left = `${(start / duration) * 100}%`;
      item.style.width = `${((end - start) / duration) * 100}%`;
      return item;
    }));
  }

  // playing: the video on the stage where there is one, else the voice alone

  get player() {
    const video = find(".stage video");
    if (video?.src || video?.srcObject) return video;
    if (!this.audio && this.found?.sound_url) {
      this.audio = new Audio(this.found.sound_url);
      this.audio.preload = "auto";
    }
    return this.audio;
  }

  togglePlaying() {
    const { player } = this;
    if (!player) return;
    if (player.paused) player.play().catch(() => {});
    else player.pause();
    this.tick();
  }

  seek(time_s) {
    this.store.dispatchEvent(new CustomEvent("seek", { detail: time_s }));
    const { player } = this;
    if (player) player.currentTime = Math.max(0, Math.min(time_s, this.found.duration_s - 0.01)) + cardBefore_s(player);
  }

  tick() {
    cancelAnimationFrame(this.ticking);
    if (!this.root.open) return;
    const player = find(".stage video") ?? this.audio;
    const at_s = player ? Math.max(0, player.currentTime - cardBefore_s(player)) : 0;
    if (this.found) find("#timeline-playhead").style.left = `${Math.min(1, at_s / this.found.duration_s) * 100}%`;
    find("#timeline-time").textContent = this.found ? `${clockTime(at_s)} / ${clockTime(this.found.duration_s)}` : "";
    const isPlaying = Boolean(player && !player.paused);
    if (isPlaying !== this.wasPlaying) {
      this.wasPlaying = isPlaying;
      find("#timeline-play").replaceChildren(icon(isPlaying ? "pause" : "play"));
      find("#timeline-play").setAttribute("aria-label", isPlaying ? "Pause" : "Play");
    }
    this.ticking = requestAnimationFrame(() => this.tick());
  }

  wireFiles() {
    find("#track-export").addEventListener("click", () => {
      const url = URL.createObjectURL(new Blob([trackFile(this.edited)], { type: "application/json" }));
      make("a", { href: url, download: "mouth-track.json" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    });
    const picker = find("#track-file");
    picker.addEventListener("change", async () => {
      const file = picker.files[0];
      picker.value = "";
      if (!file) return;
      const asset = await sendFile("track", file, find("#timeline-feedback"), { checkingWords: "Reading the track…" });
      if (!asset) return;
      if (asset.state === "ready") this.store.set({ track: asset });
      else this.say(notice("bad", asset.failure.sentence, asset.failure.next_step));
    });
  }
}
