// In the frame on a shop's product page: tells that page what comes of it, and keeps out
// of its history, so that Back ends the dialog and not a step in here.
import { visit } from "./net.js";
import { parsePage, showPage } from "./page.js";

const content = document.getElementById("content");
const pagesAround = document.body.dataset.pagesAround.split(" ");

/** To the page around us. The browser hands it over only if it is one of the list. */
function tell(what, { sku = "", tryOn = "" } = {}) {
  if (parent === window) return;
  for (const origin of pagesAround) parent.postMessage({ fittingRoom: what, sku, tryOn }, origin);
}

/** What is shown of a try-on, once for each state. */
const told = new Set();
function tellState() {
  const shown = content.querySelector("[data-told]");
  if (!shown) return;
  const { told: what, tryOn, sku } = shown.dataset;
  if (told.has(what + tryOn)) return;
  told.add(what + tryOn);
  tell(what, { sku, tryOn });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return; // Esc is this one's
  tell("close");
});

const isOurs = (url) => url.origin === location.origin && url.pathname.startsWith("/frame/");

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || link.target) return;
  const url = new URL(link.href);
  const isHere = url.pathname + url.search === location.pathname + location.search;
  if (!isOurs(url) || (isHere && url.hash) || /\/(download|zip)\/$/.test(url.pathname)) return;
  event.preventDefault();
  visit(url);
});

/** A form as the browser would send it, but the page that answers replaces this one. */
async function send(form, button) {
  const data = new FormData(form, button);
  if (form.method === "get") {
    const url = new URL(form.action);
    url.search = new URLSearchParams(data);
    return visit(url);
  }
  const headers = { "X-Frame-Form": "1" }; // where to, rather than the page itself
  const answer = await fetch(form.action, { method: "POST", body: data, headers });
  if (answer.headers.get("Content-Type") === "application/json")
    return visit((await answer.json()).location);
  // What is to be put right. Compose has scripts of its own: it is loaded as ever.
  if (form.id === "compose") form.submit();
  else showPage(parsePage(await answer.text()));
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method === "dialog") return;
  if ("basket" in form.dataset) {
    const { sku, tryOn } = content.querySelector("[data-told]").dataset;
    tell("basket", { sku, tryOn });
  }
  event.preventDefault();
  try {
    await send(form, event.submitter);
  } catch {
    form.submit(); // no connection: the browser says so
  }
});

tell("hello");
tellState();
new MutationObserver(tellState).observe(content, { childList: true, subtree: true });
