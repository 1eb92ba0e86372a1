// Talking to the site: JSON in, JSON out, failures as sentences with a next step.

const BASE = "/api/v1";

/** A failure of the catalogue: what is the matter (`sentence`) and what to do (`nextStep`). */
export class Problem extends Error {
  constructor({ code, sentence, next_step: nextStep, detail = {}, retryable = false }, status = 0) {
    super(sentence);
    this.code = code;
    this.sentence = sentence;
    this.nextStep = nextStep;
    this.detail = detail;
    this.retryable = retryable;
    this.status = status;
  }

  get isNetwork() { return this.code === "offline"; }
}

export const offline = () => new Problem({
  code: "offline",
  sentence: "We could not reach the site.",
  next_step: "Check your connection; nothing you typed is lost.",
  retryable: true,
});

export const aborted = () => new Problem({ code: "aborted", sentence: "Stopped.", next_step: "" });

function unexpected(status) {
  return new Problem({
    code: "internal",
    sentence: "Something went wrong on our side.",
    next_step: "Try again; if it happens again, reload the page.",
    retryable: true,
  }, status);
}

export function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

export function problemFrom(status, body) {
  return body && body.sentence ? new Problem(body, status) : unexpected(status);
}

/** request("PATCH", "/projects/…", {title: "x"}) */
export async function request(method, path, body = undefined, { headers = {}, signal = undefined, keepalive = false } = {}) {
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      signal,
      keepalive,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(method === "GET" ? {} : { "X-CSRFToken": csrfToken() }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    throw error.name === "AbortError" ? aborted() : offline();
  }
  if (response.status === 204) return null;
  const facts = await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(response.status, facts);
  if (facts === null) throw unexpected(response.status);
  return facts;
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const MEASURED_WITHIN_MS = 15 * 60 * 1000;

/** Asks until the file is looked at. Resolves to the asset, ready or refused. */
export async function untilChecked(assetId, { signal = undefined } = {}) {
  for (let wait_ms = 250; ; wait_ms = Math.min(wait_ms * 1.25, 1500)) {
    if (signal?.aborted) throw aborted();
    try {
      const asset = await request("GET", `/assets/${assetId}`, undefined, { signal });
      if (asset.state !== "checking" && asset.state !== "receiving") return asset;
    } catch (problem) {
      if (!problem.isNetwork && problem.code !== "rate_limited") throw problem;
    }
    await pause(wait_ms);
  }
}

/** The clip once its numbers are measured in every frame; null when nobody measures it, or the page is left. */
export async function untilMeasured(assetId, { signal }) {
  let waited_ms = 0;
  for (let wait_ms = 3000; waited_ms < MEASURED_WITHIN_MS; wait_ms = Math.min(wait_ms * 1.3, 20000)) {
    await pause(wait_ms);
    waited_ms += wait_ms;
    if (signal.aborted) return null;
    if (document.hidden) continue;
    try {
      const asset = await request("GET", `/assets/${assetId}`, undefined, { signal });
      if (!asset.preflight?.estimated) return asset;
    } catch (problem) {
      if (!problem.isNetwork && problem.code !== "rate_limited") return null;
    }
  }
  return null;
}

/** A key that makes repeating an order harmless, kept until the order is known to have arrived. */
export function orderKey(name) {
  const place = `order-key:${name}`;
  let key = null;
  try {
    key = sessionStorage.getItem(place);
    if (!key) {
      key = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`;
      sessionStorage.setItem(place, key);
    }
  } catch {
    key ??= `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  }
  return key;
}

export function forgetOrderKey(name) {
  try {
    sessionStorage.removeItem(`order-key:${name}`);
  } catch {
    // Nothing was kept.
  }
}
