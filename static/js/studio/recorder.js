// Recording a voice in the browser: permission, level meter, count-in, take, playback, again or use it.
import { announce, clockTime, icon, make, notice } from "../ui.js";
import { colourOf } from "./wave.js";

const COUNT_IN_S = 3;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const ENDINGS = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };
const QUIET = 0.03;

const DENIED = {
  NotAllowedError: ["The browser was not allowed to use the microphone.", "Allow it in the address bar (the microphone or lock symbol), then press Record again."],
  NotFoundError: ["No microphone was found.", "Plug one in, or record on your phone and upload the file."],
  NotReadableError: ["Another program is using the microphone.", "Close it, then press Record again."],
};

function unsupported() {
  return !window.MediaRecorder || !navigator.mediaDevices?.getUserMedia;
}

export function startRecorder(root, { limit_s: limit, onTake }) {
  if (unsupported()) {
    const why = window.isSecureContext ? "This browser cannot record sound." : "Browsers only record on secure (https) pages.";
    root.replaceChildren(notice("info", why, "Record with your phone or a recorder, then use the Upload tab."));
    return;
  }
  const recorder = new Recorder(root, limit, onTake);
  recorder.showIdle();
  document.addEventListener("visibilitychange", () => document.hidden && recorder.isCounting && recorder.cancel());
}

class Recorder {
  constructor(root, limit, onTake) {
    Object.assign(this, { root, limit, onTake, stream: null, media: null, chunks: [], loudest: 0, isCounting: false });
  }

  showIdle(problem = null) {
    const start = make("button", { class: "record-button", type: "button", "aria-label": "Start recording", onclick: () => this.begin() }, icon("mic"));
    this.root.replaceChildren(...(problem ? [notice("bad", ...problem)] : []), start,
      make("p", { class: "recorder-hint" }, `Press, wait for the count of three, and speak. Up to ${limitWords(this.limit)}.`));
    if (this.refocus) start.focus();
    this.refocus = false;
  }

  async begin() {
    this.refocus = true;
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: true, autoGainControl: true } });
    } catch (error) {
      this.showIdle(DENIED[error.name] ?? ["The microphone could not be opened.", "Try again, or upload a recording instead."]);
      return;
    }
    this.number = make("span", {}, String(COUNT_IN_S));
    this.button = make("button", { class: "record-button", type: "button", "aria-label": "Cancel", onclick: () => (this.isCounting ? this.cancel() : this.stop()) }, this.number);
    this.time = make("p", { class: "record-time", "aria-hidden": "true" }, "Get ready");
    this.meter = make("canvas", { class: "meter", role: "img", "aria-label": "Level of the microphone" });
    this.hint = make("p", { class: "recorder-hint" }, "Say a word to see that the bar moves.");
    this.root.replaceChildren(this.button, this.time, this.meter, this.hint);
    this.button.focus();
    this.watchLevel();
    this.countIn(COUNT_IN_S);
  }

  countIn(left) {
    this.isCounting = true;
    this.number.textContent = String(left);
    announce(String(left));
    this.counting = setTimeout(() => (left > 1 ? this.countIn(left - 1) : this.record()), 800);
  }

  record() {
    this.isCounting = false;
    this.chunks = [];
    this.loudest = 0;
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one)) ?? "";
    this.media = new MediaRecorder(this.stream, type ? { mimeType: type, audioBitsPerSecond: 128000 } : {});
    this.media.addEventListener("dataavailable", (event) => event.data.size && this.chunks.push(event.data));
    this.media.addEventListener("stop", () => this.finish());
    this.media.start(500);
    this.startedAt = performance.now();
    this.button.replaceChildren(icon("stop"));
    this.button.setAttribute("aria-label", "Stop recording");
    this.hint.textContent = "Recording. Press to stop.";
    announce("Recording.");
    this.ticking = setInterval(() => this.tick(), 100);
  }

  tick() {
    const seconds = (performance.now() - this.startedAt) / 1000;
    this.time.textContent = `${clockTime(Math.floor(seconds))} / ${clockTime(this.limit)}`;
    if (seconds > 3 && this.loudest < QUIET) this.hint.textContent = "We hardly hear anything. Is the right microphone on?";
    if (seconds >= this.limit) this.stop();
  }

  stop() {
    clearInterval(this.ticking);
    if (this.media?.state === "recording") this.media.stop();
  }

  cancel() {
    clearTimeout(this.counting);
    this.isCounting = false;
    this.release();
    this.showIdle();
  }

  release() {
    cancelAnimationFrame(this.drawing);
    this.context?.close();
    this.context = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  finish() {
    const seconds = (performance.now() - this.startedAt) / 1000;
    this.release();
    const type = (this.chunks[0]?.type || this.media.mimeType || "audio/webm").split(";")[0];
    const blob = new Blob(this.chunks, { type });
    const stamp = new Date().toISOString().slice(0, 16).replace("T", " ").replace(":", ".");
    this.showTake(new File([blob], `Recording ${stamp}.${ENDINGS[type] ?? "webm"}`, { type }), seconds);
  }

  showTake(file, seconds) {
    const address = URL.createObjectURL(file);
    const audio = make("audio", { controls: true, src: address, "aria-label": "Your take" });
    const use = make("button", { class: "button button-ink", type: "button" }, icon("check"), "Use this take");
    const again = make("button", { class: "button button-outline", type: "button" }, icon("refresh"), "Record again");
    const quiet = this.loudest < QUIET ? [notice("warn", "This take is very quiet.", "Move closer to the microphone and record again.")] : [];
    this.root.replaceChildren(make("p", { class: "record-time" }, `Your take, ${clockTime(seconds)}`), audio, ...quiet, make("div", { class: "row" }, use, again));
    use.focus();
    announce("The take is done. Listen to it, use it, or record again.");
    again.addEventListener("click", () => {
      URL.revokeObjectURL(address);
      this.begin();
    });
    use.addEventListener("click", async () => {
      use.setAttribute("aria-busy", "true");
      again.disabled = true;
      const stored = await this.onTake(file);
      if (stored) {
        URL.revokeObjectURL(address);
        this.showIdle();
        return;
      }
      use.removeAttribute("aria-busy");
      again.disabled = false;
    });
  }

  watchLevel() {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.context.createMediaStreamSource(this.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const levels = [];
    const draw = () => {
      analyser.getFloatTimeDomainData(samples);
      const level = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      this.loudest = Math.max(this.loudest, level);
      levels.push(level);
      if (levels.length > 80) levels.shift();
      this.drawMeter(levels);
      this.drawing = requestAnimationFrame(draw);
    };
    draw();
  }

  drawMeter(levels) {
    const canvas = this.meter;
    const { width, height } = canvas.getBoundingClientRect();
    const scale = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.fillStyle = colourOf(canvas, levels.at(-1) > 0.97 ? "--bad" : "--accent");
    const step = width / 80;
    levels.forEach((level, at) => {
      const tall = Math.max(2, Math.sqrt(Math.min(1, level)) * height);
      context.fillRect(width - (levels.length - at) * step, (height - tall) / 2, Math.max(1.5, step * 0.6), tall);
    });
  }
}

function limitWords(seconds) {
  return seconds % 60 === 0 ? (seconds === 60 ? "one minute" : `${seconds / 60} minutes`) : `${seconds} seconds`;
}
