// Uploads in pieces (tus 1.0): after a lost connection they go on where they were, after a reload too.
import { aborted, csrfToken, offline, problemFrom, request } from "./api.js";

const UPLOADS = "/api/v1/uploads";
const PIECE_BYTES = 8 * 1024 * 1024;
const WAITS_MS = [500, 1000, 2000, 4000, 8000, 8000, 8000]; // between tries that brought nothing further
const KEPT_MS = 6 * 60 * 60 * 1000; // as long as the site keeps what has arrived

const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const placeOf = (kind, file) => `upload:${kind}:${file.size}:${file.lastModified}:${file.name}`;

function remembered(place) {
  try {
    const { url, at } = JSON.parse(localStorage.getItem(place));
    return Date.now() - at < KEPT_MS ? url : null;
  } catch { // nothing there, or a browser that keeps nothing
    return null;
  }
}

function remember(place, url) {
  try {
    if (url) localStorage.setItem(place, JSON.stringify({ url, at: Date.now() }));
    else localStorage.removeItem(place);
  } catch { /* a browser that keeps nothing: then a reload begins anew */ }
}

/** One request of the protocol: {status, offset, asset, location, body}. XMLHttpRequest tells how much of a body has left. */
function call(method, url, { headers = {}, body = null, onSent = () => {}, signal = undefined }) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted());
      return;
    }
    const sent = new XMLHttpRequest();
    const stop = () => sent.abort();
    const end = (settle, value) => {
      signal?.removeEventListener("abort", stop);
      settle(value);
    };
    sent.open(method, url);
    const all = { "Tus-Resumable": "1.0.0", "X-CSRFToken": csrfToken(), Accept: "application/json", ...headers };
    for (const [name, value] of Object.entries(all)) sent.setRequestHeader(name, value);
    sent.responseType = "json";
    sent.upload.addEventListener("progress", (event) => onSent(event.loaded));
    sent.addEventListener("load", () => end(resolve, {
      status: sent.status,
      offset: Number(sent.getResponseHeader("Upload-Offset")),
      asset: sent.getResponseHeader("Upload-Asset"),
      location: sent.getResponseHeader("Location"),
      body: sent.response,
    }));
    sent.addEventListener("error", () => end(reject, offline()));
    sent.addEventListener("abort", () => end(reject, aborted()));
    signal?.addEventListener("abort", stop);
    sent.send(body);
  });
}

/** Until it is worth trying again: a moment, and for as long as the browser knows itself offline. */
function quiet(wait_ms, signal) {
  return new Promise((resolve, reject) => {
    const end = (settle, value) => {
      clearTimeout(timer);
      removeEventListener("online", look);
      signal?.removeEventListener("abort", stop);
      settle(value);
    };
    const look = () => { if (navigator.onLine) end(resolve); };
    const stop = () => end(reject, aborted());
    const timer = setTimeout(look, wait_ms);
    addEventListener("online", look);
    signal?.addEventListener("abort", stop);
  });
}

class Sender {
  constructor(kind, file, { onProgress, onWaiting, signal }) {
    Object.assign(this, { kind, file, onProgress, onWaiting, signal, place: placeOf(kind, file), asset: null });
    this.url = remembered(this.place);
    this.offset = this.url ? null : 0; // null: the site has to be asked
  }

  /** One step further. Throws a Problem; whether it passes, `isPassing` says. */
  async step() {
    if (!this.url) return this.begin();
    if (this.offset === null) return this.ask();
    return this.sendPiece();
  }

  async begin() {
    const { kind, file, signal } = this;
    const told = `kind ${base64(kind)},filename ${base64(file.name)}`;
    const answer = await call("POST", UPLOADS, { headers: { "Upload-Length": String(file.size), "Upload-Metadata": told }, signal });
    if (answer.status !== 201) throw problemFrom(answer.status, answer.body);
    this.url = new URL(answer.location).pathname;
    this.offset = 0;
    remember(this.place, this.url);
  }

  async ask() {
    const answer = await call("HEAD", this.url, { signal: this.signal });
    if (answer.status === 404 || answer.status === 410) this.startOver();
    else if (answer.status !== 200) throw problemFrom(answer.status, null);
    else this.took(answer);
  }

  async sendPiece() {
    const { file, offset, signal } = this;
    const answer = await call("PATCH", this.url, {
      headers: { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
      body: file.slice(offset, offset + PIECE_BYTES),
      onSent: (bytes) => this.onProgress(Math.min(1, (offset + bytes) / file.size)),
      signal,
    });
    if (answer.status === 204) this.took(answer);
    else if (answer.status === 404) this.startOver();
    else throw problemFrom(answer.status, answer.body);
  }

  took({ offset, asset }) {
    this.offset = offset;
    this.asset = asset;
    this.onProgress(Math.min(1, offset / this.file.size));
  }

  startOver() {
    this.url = null;
    this.offset = 0;
    remember(this.place, null);
  }

  /** What has arrived is of no use any more, and would only take room. */
  giveUp() {
    if (this.url) request("DELETE", this.url.slice("/api/v1".length), undefined, { headers: { "Tus-Resumable": "1.0.0" } }).catch(() => {});
    remember(this.place, null);
  }

  /** Sends until the site has the whole file. */
  async run() {
    let tries = 0;
    let furthest = 0;
    while (!this.asset) {
      try {
        await this.step();
        if (this.offset > furthest) {
          furthest = this.offset;
          tries = 0;
        }
      } catch (problem) {
        const isPassing = problem.isNetwork || [409, 423, 429, 502, 503, 504].includes(problem.status);
        const isSignedOut = [401, 403].includes(problem.status); // after signing in again it goes on
        if (!isPassing && !isSignedOut) this.giveUp();
        if (!isPassing || tries === WAITS_MS.length) throw problem;
        this.onWaiting(problem);
        await quiet(WAITS_MS[tries], this.signal);
        tries += 1;
        if (this.url) this.offset = null;
      }
    }
    remember(this.place, null);
    return this.asset;
  }
}

/**
 * Sends a file; resolves to what the site made of it. `onProgress` gets 0…1 while bytes leave, `onWaiting` is called with
 * the problem that will pass: the connection is gone, or the site has to be waited for; `signal` stops it.
 */
export async function upload(kind, file, { onProgress = () => {}, onWaiting = () => {}, signal = undefined } = {}) {
  const asset = await new Sender(kind, file, { onProgress, onWaiting, signal }).run();
  return request("GET", `/assets/${asset}`, undefined, { signal });
}
