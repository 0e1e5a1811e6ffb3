// A page of ours, fetched whole, and put in the place of what is shown.
import { Away, ask, leaving, persist, visit } from "./net.js";

const LIMIT = 20_000; // ms

export const parsePage = (html) => new DOMParser().parseFromString(html, "text/html");

/** The page at `url`, as soon as it can be had with `selector` in it.
 *
 * What is gone is shown as such by the server: then this page is left for it. */
export function getPage(url, selector, signal) {
  return persist(async () => {
    const answer = await ask(url, { headers: { Accept: "text/html" }, limit: LIMIT, signal });
    if (answer.status === 404 || answer.status === 403) {
      visit(url);
      return leaving();
    }
    const page = parsePage(answer.text);
    if (!answer.ok || !page.querySelector(selector)) throw new Away("busy");
    return page;
  }, signal);
}

/** Focus for what has just come: the summary of errors, else the heading. */
export function focusOn(root) {
  const place = root.querySelector("[data-focus]") ?? root.querySelector("h1");
  if (!place) return;
  place.tabIndex = -1;
  place.focus({ preventScroll: true });
}

/** The whole content of `page` instead of this one's. */
export function showPage(page) {
  const content = document.getElementById("content");
  content.replaceChildren(...page.getElementById("content").childNodes);
  document.body.className = page.body.className;
  document.title = page.title;
  focusOn(content);
}
