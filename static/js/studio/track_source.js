// Where the timeline's track comes from: found for the voice by the site's machines, or imported.
import { aborted, Problem, request } from "../api.js";
import { watchJob } from "../jobs.js";

export class TrackSource {
  constructor(store) {
    this.store = store;
    this.made = new Map(); // job's id -> what was found, so that taking a change back costs nothing
    this.turn = 0;
  }

  /** Why there is nothing to show, in words; null when there is a voice. */
  whyNot() {
    const { project } = this.store;
    if (project.moved_by === "clip") return "The video moves the mouth, so there is nothing to show here.";
    if (project.moved_by === "idle") return "Nothing is said in a silent loop.";
    if (project.track?.state === "ready") return null;
    if (project.voice_source === "script") return project.script.trim() ? null : "Type what the picture should say to see its words here.";
    if (project.voice?.state !== "ready") return "Add a recording to see it here.";
    return project.voice.attestation?.needed && !project.voice.attestation.basis ? "Say whose voice it is to see it here." : null;
  }

  /** {track, words, emotion, duration_s, sound_url}; null when another search began meanwhile. Throws problems. */
  async find() {
    const mine = ++this.turn;
    this.stop?.();
    const { project } = this.store;
    const job = await request("POST", `/projects/${project.id}/track`);
    const done = job.type === "done" ? job : await this.follow(job.id);
    if (mine !== this.turn) return null;
    if (done.state !== "succeeded") throw new Problem(done.failure ?? { code: "internal", sentence: "The voice could not be listened to.", next_step: "Try again." });
    const found = this.made.get(job.id) ?? await this.fetch(done);
    this.made.set(job.id, found);
    if (mine !== this.turn) return null;
    if (!project.track) return found;
    const imported = await this.json(project.track.url);
    const duration_s = Math.max(found.duration_s, imported.times_s.at(-1) ?? 0);
    return mine === this.turn ? { ...found, track: imported, duration_s } : null;
  }

  follow(id) {
    return new Promise((resolve, reject) => {
      const stop = watchJob(id, (message) => message.type === "done" && resolve(message));
      this.stop = () => { stop(); reject(aborted()); };
    });
  }

  async fetch({ output_url: url, result }) {
    const [track, sound] = await Promise.all([this.json(url), this.soundUrl(result.sound_asset)]);
    return { track, words: result.words ?? [], emotion: result.emotion ?? null, duration_s: result.duration_s, sound_url: sound };
  }

  async soundUrl(assetId) {
    if (!assetId) return this.store.project.voice?.url ?? null;
    return (await request("GET", `/assets/${assetId}`).catch(() => null))?.url ?? null;
  }

  async json(url) {
    const response = await fetch(url).catch(() => null);
    const track = response?.ok ? await response.json().catch(() => null) : null;
    if (!track?.times_s?.length) throw new Problem({ code: "internal", sentence: "The mouth track could not be loaded.", next_step: "Close the timeline and open it again." });
    return track;
  }
}
