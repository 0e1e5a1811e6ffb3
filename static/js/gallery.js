// Select mode in place, filters that send themselves, a word of what came in meanwhile.
import { colour, counted, say } from "./fitting.js";
import { Away, ask, parse, persist } from "./net.js";
import { getPage } from "./page.js";

const gallery = () => document.querySelector("[data-gallery]");

// All of these are asked of the document, since the gallery is swapped.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick]")) count();
  if (event.target.matches("[data-filters] select")) event.target.form.requestSubmit();
});
// Empty fields would only make addresses long.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches("[data-filters]")) return;
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
});

function count() {
  const bar = gallery().querySelector("[data-count]");
  if (!bar) return;
  const picked = gallery().querySelectorAll("[data-pick]:checked").length;
  bar.textContent = counted(bar, picked);
  for (const button of bar.parentElement.querySelectorAll("button")) button.disabled = picked === 0;
  bar.parentElement.querySelector("[data-compare]").disabled = picked < 2 || picked > 4;
}

/** Runs `task(signal)`; the task before it is given up. */
function latest(task) {
  let current = null;
  return async (...args) => {
    current?.abort();
    current = new AbortController();
    const { signal } = current;
    try {
      await task(...args, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };
}

const swap = latest(async (url, signal) => {
  const page = await getPage(url, "[data-gallery]", signal);
  gallery().replaceWith(page.querySelector("[data-gallery]"));
  colour(gallery());
  count();
  gallery().querySelector("[data-select]")?.focus({ preventScroll: true });
  const bar = gallery().querySelector("[data-count]");
  if (bar) say(bar.textContent);
  history.replaceState(null, "", url); // last, since Safari refuses it when it comes often
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-select]");
  if (!link || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  swap(link.href);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && gallery().querySelector("[data-selected]"))
    swap(gallery().querySelector("[data-select]").href);
});

// Coming back to this tab: new pictures are offered, never pushed in.
const offer = latest(async (signal) => {
  const root = gallery().querySelector("[data-updates]");
  if (!root.dataset.newest) return;
  const url = `${root.dataset.updates}?${new URLSearchParams({ newest: root.dataset.newest })}`;
  const { newer } = await persist(async () => {
    const answer = await ask(url, { headers: { Accept: "application/json" }, signal });
    if (!answer.ok) throw new Away("busy");
    return parse(answer.text);
  }, signal);
  const button = gallery().querySelector("[data-newer]");
  button.hidden = !newer;
  button.textContent = counted(button, newer);
});
document.addEventListener("visibilitychange", () => document.hidden || offer());

count();
addEventListener("pageshow", count); // after Back, when the choice has been restored
