// Where captions come from: found by the site's machines for the voice as it is, once for each.
import { aborted, Problem, request } from "../api.js";
import { watchJob } from "../jobs.js";
import { isDub } from "./source.js";

export const VOICE_FIELDS = ["voice", "voice_source", "script", "script_voice", "script_rate", "script_pitch", "pronunciations", "moved_by", "transcript", "transcript_language", "frames_per_second", "voice_start_s", "voice_end_s", "clean_voice", "clip"];

export class CaptionSource {
  constructor(store) {
    this.store = store;
    this.turn = 0;
  }

  /** Why there are none, in words; null when they can be found. */
  whyNot() {
    const { project } = this.store;
    if (isDub(project) && !project.clip) return "Choose a clip first; its captions appear here.";
    if (![null, "voice"].includes(project.moved_by)) return "Captions need a voice of their own: typed, uploaded or recorded.";
    if (project.voice_source === "lines") return "Captions come with a whole script or recording, not with single lines.";
    if (project.voice_source === "script") return project.script.trim() ? null : "Type what should be said to see its captions here.";
    if (project.voice?.state !== "ready") return "Add a recording to caption it.";
    return project.voice.attestation?.needed && !project.voice.attestation.basis ? "Say whose voice it is to caption it." : null;
  }

  /** {cues, fitted, timing, is_found, duration_s}; null when another search began meanwhile. Throws problems. */
  async find() {
    const mine = ++this.turn;
    this.stop?.();
    const job = await request("POST", `/projects/${this.store.project.id}/captions`);
    const done = job.type === "done" ? job : await this.follow(job.id);
    if (mine !== this.turn) return null;
    if (done.state !== "succeeded") throw new Problem(done.failure ?? { code: "internal", sentence: "The captions could not be found.", next_step: "Try again." });
    return done.result;
  }

  follow(id) {
    return new Promise((resolve, reject) => {
      const stop = watchJob(id, (message) => message.type === "done" && resolve(message));
      this.stop = () => { stop(); reject(aborted()); };
    });
  }
}
