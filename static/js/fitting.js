// On every page: colours behind loading pictures, focus after errors, one submit a click.
import { pause, reachable } from "./net.js";
import "./zone.js";

export function colour(root) {
  for (const img of root.querySelectorAll("img[data-color]")) {
    img.style.backgroundColor = img.dataset.color;
  }
}

export function say(text) {
  const live = document.getElementById("live");
  if (live && live.textContent !== text) live.textContent = text;
}

/** The one of an element's two texts that goes with `n`. */
export const counted = (element, n) =>
  (n === 1 ? element.dataset.one : element.dataset.many).replace("%n", n);

export function busy(button, on) {
  button.classList.toggle("busy", on);
  button.setAttribute("aria-disabled", String(on));
}

colour(document);
document.querySelector("[data-focus]")?.focus();

// A form is sent once, and only when the shop can be reached: the browser's own page for
// a lost connection would throw away what was filled in.
const ready = new WeakSet();
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const button = event.submitter;
  if (event.defaultPrevented || form.method !== "post" || form.matches("[data-auto-upload]"))
    return;
  if (ready.delete(form)) return;
  event.preventDefault();
  if (form.dataset.sending) return;
  form.dataset.sending = "yes";
  if (button) busy(button, true);
  await reachable();
  ready.add(form);
  form.requestSubmit(button?.form === form ? button : null);
  // Not sent after all: a field is no longer filled in.
  if (ready.delete(form)) release(form);
});

function release(form) {
  delete form.dataset.sending;
  for (const button of document.querySelectorAll(".busy"))
    if (button.form === form) busy(button, false);
}

// A page from the back-forward cache must not keep its button busy.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) release(form);
});

// The account menu closes on Escape and when the focus leaves it. Asked of the document,
// since the menu may be swapped.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.(".menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

// A picture that the network lost on its way is asked for again.
const TRIES = 6;
const tried = new WeakMap();
async function reload(img) {
  const n = tried.get(img) ?? 0;
  if (n === TRIES || !img.isConnected || img.src.startsWith("blob:")) return;
  tried.set(img, n + 1);
  await pause(500 * 2 ** n);
  await reachable();
  if (img.srcset) img.srcset = `${img.srcset}`;
  img.src = `${img.src}`;
}
document.addEventListener(
  "error",
  (event) => event.target instanceof HTMLImageElement && reload(event.target),
  true,
);
for (const img of document.images)
  if (img.complete && img.currentSrc && !img.naturalWidth) reload(img);
