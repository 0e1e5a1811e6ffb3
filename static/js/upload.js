// Pictures on their way to the server, by a form of the page or from the compose page.
import { shrink } from "./canvas.js";
import { isReadable, texts as problems, tell } from "./files.js";
import { busy, colour } from "./fitting.js";
import { Away, check, pageFor, parse, persist, renew, visit } from "./net.js";
import { parsePage, showPage } from "./page.js";

const STALL = 60_000; // ms in which nothing moved

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** One try to send a body, with its progress: `{ status, url, text }`. Throws `Away`. */
function post(url, body, { headers = {}, progress, signal, again = false } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    let timer;
    const moved = () => {
      clearTimeout(timer);
      timer = setTimeout(stop, STALL);
    };
    request.open("POST", url);
    for (const [name, value] of Object.entries({ ...headers, ...pageFor() }))
      request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => {
      moved();
      if (event.lengthComputable) progress?.(event.loaded / event.total);
    });
    request.addEventListener("loadend", () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      try {
        signal?.throwIfAborted();
        if (!again && renew(request.status, request.getResponseHeader("X-CSRFToken"), body)) {
          return resolve(post(url, body, { headers, progress, signal, again: true }));
        }
        check(request.status, request.getResponseHeader("Retry-After"));
        resolve({ status: request.status, url: request.responseURL, text: request.responseText });
      } catch (error) {
        reject(error);
      }
    });
    signal?.addEventListener("abort", stop);
    moved();
    request.send(body);
  });
}

/** Sends one photo, however often it takes; `told(sentence)` hears how it goes.
 *
 * The same picture sent twice is one to the server. Answers the server's JSON. */
export async function upload(url, file, token, texts, told, consent = true, signal = undefined) {
  const small = await shrink(file);
  const sizes = texts.smaller
    .replace("%a", megabytes(file.size))
    .replace("%b", megabytes(small.size));
  const saved = small === file ? "" : `${sizes} `;
  const body = new FormData();
  body.append("photo_file", small, small.name);
  if (consent) body.append("consent", "on");
  body.append("csrfmiddlewaretoken", token);
  const headers = { Accept: "application/json" };
  const progress = (share) => told(saved + texts.sending.replace("%p", Math.round(100 * share)));
  return persist(async () => {
    // Chromium calls a file that is gone a lost connection: it would be tried for ever.
    if (!(await isReadable(small))) return { error: problems.gone, saved };
    try {
      const answer = await post(url, body, { headers, progress, signal });
      const refused = answer.status === 403 && answer.text.startsWith("{"); // by us: it says why
      if (answer.status !== 201 && answer.status !== 422 && !refused)
        throw new Error(String(answer.status));
      return { ...parse(answer.text), saved };
    } catch (error) {
      if (error instanceof Away) told(texts.waiting);
      throw error;
    }
  }, signal);
}

/** Its file is gone: another can be chosen. */
function again(form, button, input) {
  delete form.dataset.sending;
  if (button) busy(button, false);
  input.value = "";
  tell(input, problems.gone);
}

/** A form that is one photo: sent from here, and its answer shown in this page. */
async function sendForm(form, button) {
  if (form.dataset.sending) return;
  form.dataset.sending = "yes";
  if (button) busy(button, true);
  const input = form.querySelector("[type=file]");
  const body = new FormData(form);
  const small = input.files.length ? await shrink(input.files[0]) : null;
  if (small) body.set(input.name, small, small.name);
  const answer = await persist(async () =>
    small && !(await isReadable(small)) ? null : post(form.action, body),
  );
  if (!answer) return again(form, button, input);
  if (new URL(answer.url).pathname !== location.pathname) return visit(answer.url);
  const page = parsePage(answer.text);
  if (!page.getElementById("content")) return form.submit(); // not ours: as without this
  showPage(page);
  colour(document);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-auto-upload]");
  if (!form || event.target.type !== "file" || !event.target.files.length) return;
  if (form.querySelector("[name=consent]:not(:checked)")) return; // the button asks for it
  form.requestSubmit();
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-auto-upload]")) return;
  event.preventDefault();
  sendForm(event.target, event.submitter);
});
