// Acting before the webcam: permission, a mirror, count-in, take, and using it.
import { announce, clockTime, icon, make, notice } from "../ui.js";

const COUNT_IN_S = 3;
const TYPES = ["video/mp4;codecs=avc1.42E01E,mp4a.40.2", "video/webm;codecs=vp8,opus", "video/webm"];
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 }, facingMode: "user" };
const DENIED = {
  NotAllowedError: ["The browser was not allowed to use the camera.", "Allow it in the address bar (the camera or lock symbol), then try again."],
  NotFoundError: ["No camera was found.", "Plug one in, or film with your phone and choose the video."],
  NotReadableError: ["Another program is using the camera.", "Close it, then try again."],
};

const isSupported = () => Boolean(window.MediaRecorder && navigator.mediaDevices?.getUserMedia);

/** `button` opens the camera in `root`; `onTake` gets the file that was recorded. */
export function startWebcam(button, root, { limit_s: limit, onTake }) {
  const webcam = new Webcam(root, limit, onTake, () => button.focus());
  button.addEventListener("click", () => {
    if (isSupported()) webcam.open();
    else webcam.say(["This browser cannot record video here.", "Film with your phone and choose the video."]);
  });
}

class Webcam {
  constructor(root, limit, onTake, onClose) {
    Object.assign(this, { root, limit, onTake, onClose, stream: null, media: null });
  }

  say(words) {
    this.root.hidden = false;
    this.root.replaceChildren(notice("bad", ...words));
  }

  async open() {
    this.close();
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: PICTURE, audio: { noiseSuppression: true, autoGainControl: true } });
    } catch (error) {
      this.say(DENIED[error.name] ?? ["The camera could not be opened.", "Try again, or choose a video instead."]);
      return;
    }
    const mirror = make("video", { class: "clip-view is-mirrored", muted: true, playsInline: true, autoplay: true, "aria-label": "Your camera" });
    mirror.srcObject = this.stream;
    this.count = make("div", { class: "clip-count", "aria-hidden": "true" });
    this.time = make("span", { class: "field-hint tabular" }, `Look straight into the camera; up to ${this.limit} seconds.`);
    this.go = make("button", { class: "button button-primary button-small", type: "button", onclick: () => this.press() }, icon("webcam"), "Start");
    const leave = make("button", { class: "button button-ghost button-small", type: "button", onclick: () => { this.close(); this.onClose(); } }, "Cancel");
    this.root.hidden = false;
    this.root.replaceChildren(make("div", { class: "clip-recording" }, make("div", { class: "clip-stage" }, mirror, this.count), make("div", { class: "row" }, this.go, leave, this.time)));
    this.go.focus();
  }

  press() {
    if (this.media?.state === "recording") this.media.stop();
    else this.countIn(COUNT_IN_S);
  }

  countIn(left) {
    this.go.disabled = true;
    this.count.textContent = String(left);
    announce(String(left));
    this.counting = setTimeout(() => (left > 1 ? this.countIn(left - 1) : this.record()), 800);
  }

  record() {
    const chunks = [];
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
    this.count.textContent = "";
    this.media = new MediaRecorder(this.stream, type ? { mimeType: type, videoBitsPerSecond: 5_000_000 } : {});
    this.media.addEventListener("dataavailable", (event) => event.data.size && chunks.push(event.data));
    this.media.addEventListener("stop", () => this.finish(chunks));
    this.media.start(500);
    this.startedAt = performance.now();
    this.go.disabled = false;
    this.go.replaceChildren(icon("stop"), "Stop");
    this.go.focus();
    announce("Recording.");
    this.ticking = setInterval(() => this.tick(), 100);
  }

  tick() {
    const seconds = (performance.now() - this.startedAt) / 1000;
    this.time.textContent = `${clockTime(Math.floor(seconds))} / ${clockTime(this.limit)}`;
    if (seconds >= this.limit && this.media?.state === "recording") this.media.stop();
  }

  finish(chunks) {
    if (!this.stream) return; // cancelled
    const type = (chunks[0]?.type || this.media.mimeType || "video/webm").split(";")[0];
    const stamp = new Date().toISOString().slice(0, 16).replace("T", " ").replace(":", ".");
    const file = new File([new Blob(chunks, { type })], `Acting ${stamp}.${type === "video/mp4" ? "mp4" : "webm"}`, { type });
    this.close();
    this.onTake(file);
    this.onClose();
  }

  close() {
    clearInterval(this.ticking);
    clearTimeout(this.counting);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    if (this.media?.state === "recording") this.media.stop();
    this.media = null;
    this.root.hidden = true;
    this.root.replaceChildren();
  }
}
