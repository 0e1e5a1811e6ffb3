// Select mode in place, filters that send themselves, a word of what came in meanwhile.
import { colour, counted, say } from "./fitting.js";

const gallery = () => document.querySelector("[data-gallery]");

function start() {
  const filters = gallery().querySelector("[data-filters]");
  for (const select of filters.querySelectorAll("select")) select.addEventListener("change", () => filters.requestSubmit());
  // Empty fields would only make addresses long.
  filters.addEventListener("formdata", (event) => {
    for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name);
  });
  count();
}

function count() {
  const bar = gallery().querySelector("[data-count]");
  if (!bar) return;
  const picked = gallery().querySelectorAll("[data-pick]:checked").length;
  bar.textContent = counted(bar, picked);
  for (const button of bar.parentElement.querySelectorAll("button")) button.disabled = picked === 0;
  bar.parentElement.querySelector("[data-compare]").disabled = picked < 2 || picked > 4;
}

async function swap(url) {
  const response = await fetch(url);
  if (!response.ok) return location.assign(url);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  gallery().replaceWith(page.querySelector("[data-gallery]"));
  history.replaceState(null, "", url);
  colour(gallery());
  start();
  gallery().querySelector("[data-select]").focus({ preventScroll: true });
  const bar = gallery().querySelector("[data-count]");
  if (bar) say(bar.textContent);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-select]");
  if (!link || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  swap(link.href);
});
document.addEventListener("change", (event) => event.target.matches("[data-pick]") && count());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && gallery().querySelector("[data-selected]")) swap(gallery().querySelector("[data-select]").href);
});

// Coming back to this tab: new pictures are offered, never pushed in.
document.addEventListener("visibilitychange", async () => {
  const root = gallery().querySelector("[data-updates]");
  if (document.hidden || !root.dataset.newest) return;
  const response = await fetch(`${root.dataset.updates}?${new URLSearchParams({ newest: root.dataset.newest })}`);
  if (!response.ok) return;
  const { newer } = await response.json();
  const button = gallery().querySelector("[data-newer]");
  button.hidden = !newer;
  button.textContent = counted(button, newer);
});

start();
