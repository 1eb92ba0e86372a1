// The video while it is made: its pieces go to the player as they come (Media Source Extensions).

const RETRY_MS = 1000;
const PIECES_AT_ONCE = 400;
const KEEP_BEHIND_S = 20;
const STARTABLE_S = 0.4; // of picture and sound, before playing makes sense
const AHEAD = 0.9; // of its length: how long the rest may still take, so that playing does not catch up with painting

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource; // iPhones only know the managed one

const typeOf = (live) => `video/mp4; codecs="${live.codecs}"`;

/** Whether this browser plays what the server offers (see job_message.live). */
export function canPlayLive(live) {
  return Boolean(Source && live?.codecs && Source.isTypeSupported(typeOf(live)));
}

const settled = (buffer) => new Promise((resolve, reject) => {
  buffer.addEventListener("updateend", resolve, { once: true });
  buffer.addEventListener("error", () => reject(new Error("the browser does not take these pieces")), { once: true });
});

/** Feeds a <video> with a growing video. Calls onBroken once when it cannot go on; the finished file is then awaited. */
export class LiveVideo {
  constructor(video, { onBroken = () => {} } = {}) {
    this.video = video;
    this.onBroken = onBroken;
    this.live = null;
    this.next = 0;
    this.isBusy = false;
    this.isClosed = false;
    this.retry = null;
  }

  /** Seconds that can be played from the start without a gap. */
  get readyS() {
    const { buffered } = this.video;
    return buffered.length ? buffered.end(buffered.length - 1) : 0;
  }

  /** Whether playing from here on would reach the end without waiting, as far as anybody can tell. */
  isAhead(etaS) {
    const { duration, currentTime } = this.video;
    if (!(this.readyS - currentTime >= STARTABLE_S) || !Number.isFinite(duration)) return false;
    return etaS !== null && etaS !== undefined && etaS <= AHEAD * (duration - currentTime);
  }

  /** What there is by now. */
  take(live) {
    if (this.isClosed || !live) return;
    const isAnother = this.live?.stream !== live.stream; // a second attempt begins again
    this.live = live;
    if (isAnother) this.open();
    else this.pump();
  }

  open() {
    this.release();
    this.next = 0;
    this.buffer = null;
    const source = new Source();
    this.source = source;
    this.video.disableRemotePlayback = true; // what a managed source asks for
    this.address = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => {
      if (this.source !== source) return;
      this.buffer = source.addSourceBuffer(typeOf(this.live));
      this.pump();
    }, { once: true });
    this.video.src = this.address;
  }

  async pump() {
    if (this.isBusy || !this.buffer || this.isClosed) return;
    this.isBusy = true;
    clearTimeout(this.retry);
    try {
      while (!this.isClosed && this.next < this.live.count) await this.step();
    } catch (problem) {
      if (problem.isPassing) this.retry = setTimeout(() => this.pump(), RETRY_MS);
      else this.breakOff();
    } finally {
      this.isBusy = false;
    }
  }

  async step() {
    const { live, buffer } = this;
    const last = Math.min(live.count, this.next + PIECES_AT_ONCE) - 1;
    const answer = await fetch(`${live.url}${this.next}-${last}.mp4`, { credentials: "same-origin" }).catch(() => null);
    if (!answer || answer.status >= 500) throw Object.assign(new Error("away"), { isPassing: true });
    if (!answer.ok) throw new Error("gone");
    const bytes = await answer.arrayBuffer();
    if (this.isClosed || buffer !== this.buffer) return;
    await this.append(buffer, bytes);
    if (buffer === this.buffer) this.next = Number(answer.headers.get("Live-Next"));
  }

  async append(buffer, bytes) {
    try {
      buffer.appendBuffer(bytes);
    } catch (problem) {
      const until = this.video.currentTime - KEEP_BEHIND_S;
      if (problem.name !== "QuotaExceededError" || until <= 0) throw problem;
      buffer.remove(0, until);
      await settled(buffer);
      buffer.appendBuffer(bytes);
    }
    await settled(buffer);
  }

  breakOff() {
    this.close();
    this.onBroken();
  }

  release() {
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
    this.source = null;
  }

  /** No more pieces are fetched; what is there goes on playing. */
  close() {
    this.isClosed = true;
    clearTimeout(this.retry);
    this.release();
  }
}

const LEAD_S = 0.35; // time to get the file going, before it takes over
const PATIENCE_MS = 8000;
const SAME_PLACE_S = 0.5; // further apart than this, somebody has jumped since

/** The file stands and plays as the person has left the other, whatever they did while it was getting going. */
function keepWhatThePersonDid(old, file, isPlaying) {
  if (!isPlaying) file.pause();
  if (!isPlaying || Math.abs(old.currentTime - file.currentTime) > SAME_PLACE_S) file.currentTime = old.currentTime;
}

/** Lets the finished file take over from a video that plays, at the same place, without a pause. */
export function takeOver(player, file, { onDone = () => {} } = {}) {
  const { video: old } = player;
  let isDone = false;
  const change = () => {
    if (isDone) return;
    isDone = true;
    clearTimeout(patience);
    file.muted = old.muted;
    file.volume = old.volume;
    keepWhatThePersonDid(old, file, isPlaying() || old.ended);
    player.use(file);
    old.pause();
    onDone();
  };
  const isPlaying = () => !old.paused && !old.ended;
  const patience = setTimeout(() => {
    if (isDone) return;
    if (isPlaying()) file.play().catch(() => {});
    change();
  }, PATIENCE_MS);

  file.muted = true;
  file.addEventListener("loadedmetadata", () => {
    const wanted = isPlaying() ? Math.min(old.currentTime + LEAD_S, file.duration) : old.currentTime;
    file.currentTime = wanted;
    file.addEventListener("seeked", () => {
      const follow = () => {
        if (isDone) return;
        if (!isPlaying()) {
          file.currentTime = old.currentTime;
          change();
        } else if (old.currentTime >= wanted) {
          file.addEventListener("playing", change, { once: true });
          file.play().catch(change);
        } else {
          requestAnimationFrame(follow);
        }
      };
      follow();
    }, { once: true });
  }, { once: true });
}
