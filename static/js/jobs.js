// Watching a job: by websocket while that works, by asking when it does not. Whoever watches only sees it move forward.
import { request } from "./api.js";

const SILENT_MS = 2500; // without a word from the socket for this long at the start, asking begins
const ASK_MS = 1000;
const RECONNECT_MS = [500, 1000, 2000, 5000, 10000];

const STAGE_WORDS = {
  queued: "Waiting for a free machine",
  preparing: "Getting everything ready",
  listening: "Listening to the voice",
  looking: "Studying the face",
  rendering: "Painting the frames",
  finishing: "Joining picture and sound",
};

/** What the stage means to a creator. */
export function stageWords(message) {
  if (message.state === "cancelling") return "Stopping";
  if (message.stage === "queued" && message.ahead > 0) {
    return message.ahead === 1 ? "Waiting: one video is ahead of yours" : `Waiting: ${message.ahead} videos are ahead of yours`;
  }
  return STAGE_WORDS[message.stage] ?? "Working";
}

/** Calls onMessage with each step, the last one with type "done". Returns a function that stops watching. */
export function watchJob(jobId, onMessage) {
  let socket = null;
  let attempts = 0;
  let asking = null;
  let reconnecting = null;
  let silence = null;
  let over = false;
  let furthest = 0;

  const stop = () => {
    over = true;
    clearTimeout(silence);
    clearTimeout(reconnecting);
    clearTimeout(asking);
    socket?.close();
  };

  const tell = (message) => {
    if (over) return;
    if (message.type === "progress") {
      furthest = Math.max(furthest, message.fraction);
      onMessage({ ...message, fraction: furthest });
      return;
    }
    stop();
    onMessage(message);
  };

  const ask = async () => {
    try {
      tell(await request("GET", `/jobs/${jobId}`));
    } catch (problem) {
      if (problem.status === 404 || problem.status === 401) {
        tell({ type: "done", state: "failed", fraction: furthest, failure: { code: problem.code, sentence: problem.sentence, next_step: problem.nextStep } });
      }
    }
    if (!over && asking !== null) asking = setTimeout(ask, ASK_MS);
  };

  const startAsking = () => {
    if (asking !== null || over) return;
    asking = setTimeout(ask, 0);
  };

  const stopAsking = () => {
    clearTimeout(asking);
    asking = null;
  };

  const connect = () => {
    if (over) return;
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    try {
      socket = new WebSocket(`${scheme}://${location.host}/ws/jobs/${jobId}/`);
    } catch {
      startAsking();
      return;
    }
    socket.addEventListener("message", (event) => {
      attempts = 0;
      clearTimeout(silence);
      stopAsking();
      tell(JSON.parse(event.data));
    });
    socket.addEventListener("close", () => {
      if (over) return;
      startAsking();
      reconnecting = setTimeout(connect, RECONNECT_MS[Math.min(attempts, RECONNECT_MS.length - 1)]);
      attempts += 1;
    });
  };

  silence = setTimeout(startAsking, SILENT_MS);
  connect();
  return stop;
}
