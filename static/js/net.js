// Asking the server: within a time limit, again while it does not answer, said on the page.

const LIMIT = 10_000; // ms for an answer with its body
const FIRST = 1000; // ms until the second try
const LONGEST = 30_000; // ms between two tries
const failing = new Map(); // what is being tried again, and why

/** No usable answer came. `why`: "away" (no connection) or "busy" (the shop's trouble). */
export class Away extends Error {
  constructor(why, wait = 0) {
    super(why);
    this.why = why;
    this.wait = wait; // ms that the server asked for
  }
}

/** What a number of seconds or a date in `Retry-After` asks for, in ms. */
function retryAfter(text) {
  const seconds = Number(text ?? 0);
  const wait = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1000;
  return Math.min(Math.max(wait || 0, 0), 120_000);
}

/** Throws `Away` for an answer that says to come again later. */
export function check(status, wait) {
  if (status === 0) throw new Away("away");
  if (status >= 500 || status === 408 || status === 429) throw new Away("busy", retryAfter(wait));
}

/** Never settles: nothing here goes on while the browser leaves the page. */
export const leaving = () =>
  new Promise(() => {
    // Another page is on its way.
  });

/** To another page; in a shop's frame it takes this one's place, so that Back leaves it. */
export function visit(url) {
  if ("pagesAround" in document.body.dataset) location.replace(url);
  else location.assign(url);
}

/** Led elsewhere: to the log-in, which knows the way back to this page only from here. */
export function follow(url) {
  if (new URL(url).searchParams.has("next")) location.reload();
  else visit(url);
  return leaving();
}

/** Whom this page was made for: with a refused form a fresh token comes for them alone. */
export const pageFor = () => ({ "X-Page-For": document.body.dataset.for ?? "" });

/** After signing in elsewhere. True if `body` can be sent again, with the fresh token. */
export function renew(status, token, body) {
  if (status !== 403 || !token) return false;
  for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = token;
  body.set("csrfmiddlewaretoken", token);
  return true;
}

/** One try: `{ status, ok, text }`. Throws `Away`, or what `signal` was aborted with. */
export async function ask(url, { limit = LIMIT, signal, again = false, ...options } = {}) {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const timer = setTimeout(stop, limit);
  signal?.addEventListener("abort", stop);
  try {
    const headers = options.body ? { ...options.headers, ...pageFor() } : options.headers;
    const response = await fetch(url, { ...options, headers, signal: controller.signal });
    if (!again && renew(response.status, response.headers.get("X-CSRFToken"), options.body)) {
      return ask(url, { ...options, limit, signal, again: true });
    }
    check(response.status, response.headers.get("Retry-After"));
    if (response.redirected) return follow(response.url);
    return { status: response.status, ok: response.ok, text: await response.text() };
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof Away ? error : new Away("away");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** What the text holds. A proxy's page instead of JSON is no answer. */
export function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Away("busy");
  }
}

/** `why`: the sentence of that name stands on the page; "": none does. */
function show(why) {
  for (const place of document.querySelectorAll("[data-connection]")) {
    const sentence = why && place.dataset[why];
    if (place.textContent !== sentence) place.textContent = sentence;
  }
}

function tell() {
  const all = [...failing.values()];
  show(all.includes("away") ? "away" : (all[0] ?? ""));
}

/** The server said no to what this page asked: it may be too old. */
export const refused = () => show("refused");

/** Ends after `ms`, or as soon as the network is back or the page is looked at again. */
export function pause(ms, early = true) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", end);
      document.removeEventListener("visibilitychange", seen);
      resolve();
    };
    const seen = () => document.hidden || end();
    const timer = setTimeout(end, ms);
    if (!early) return;
    addEventListener("online", end);
    document.addEventListener("visibilitychange", seen);
  });
}

/** Calls `attempt` until it does not throw `Away`, ever less often; the page says so. */
export async function persist(attempt, signal) {
  const me = {};
  let wait = FIRST;
  try {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof Away)) throw error;
        failing.set(me, error.why);
        tell();
        await pause(Math.max(error.wait, wait * (0.8 + 0.4 * Math.random())), !error.wait);
        signal?.throwIfAborted();
        wait = Math.min(wait * 2, LONGEST);
      }
    }
  } finally {
    failing.delete(me);
    tell();
  }
}

/** When the shop can be reached at all. */
export const reachable = () => persist(() => ask("/healthz", { cache: "no-store" }));
