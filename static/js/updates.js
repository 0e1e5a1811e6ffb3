// One look a page: asks for all cards under way at once, as often as it is worth it.
import { colour, counted, say } from "./fitting.js";

let root = document.querySelector("[data-updates]");
const OVER = ["completed", "failed", "canceled", "unconfirmed"];
const HIDDEN = 5000; // ms between two looks of a page that nobody sees
const RETRY = 10000; // ms, when the network is away
const reached = new Map(); // a bar never goes back
let timer;

const running = () => [...root.querySelectorAll("[data-card]")].filter((card) => !OVER.includes(card.dataset.status));

function set(card, selector, text) {
  const element = card.querySelector(selector);
  if (element && element.textContent !== text) element.textContent = text;
}

function apply(id, told) {
  const card = root.querySelector(`[data-card="${id}"]`);
  if (!card) return;
  if (OVER.includes(told.status)) return finish(card, told);
  const before = card.dataset.status;
  card.dataset.status = told.status;
  const percent = Math.max(told.percent, reached.get(id) ?? 0);
  reached.set(id, percent);
  const bar = card.querySelector("[data-bar]");
  if (bar) bar.value = percent;
  set(card, "[data-heading]", told.heading);
  set(card, "[data-line]", told.line);
  for (const step of card.querySelectorAll("[data-stage-name]")) {
    step.toggleAttribute("aria-current", step.dataset.stageName === told.stage);
    if (step.hasAttribute("aria-current")) step.setAttribute("aria-current", "step");
  }
  for (const element of card.querySelectorAll("[data-only]")) element.hidden = element.dataset.only !== told.status;
  if ("page" in card.dataset) {
    document.title = `${told.heading}: ${card.dataset.page}`;
    if (before !== told.status || told.stage === "line") say(`${told.line} ${told.heading}`);
  }
}

async function finish(card, told) {
  card.dataset.status = told.status;
  if ("page" in card.dataset) {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("[data-updates]");
    if (!fresh) return location.reload();
    const hadFocus = root.contains(document.activeElement) || document.activeElement === document.body;
    document.body.className = page.body.className;
    document.querySelector(".bar").replaceWith(page.querySelector(".bar"));
    root.replaceChildren(...fresh.childNodes);
    document.title = page.title;
    notify(page.title);
    colour(root);
    const heading = root.querySelector("h1");
    if (hadFocus) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
    say(document.title);
    if (root.querySelector("[data-slider]")) (await import("./slider.js")).start(root);
  } else if (told.html && card.classList.contains("card")) {
    const hadFocus = card.contains(document.activeElement);
    const holder = document.createElement("template");
    holder.innerHTML = told.html.trim();
    const fresh = holder.content.firstElementChild;
    card.replaceWith(fresh);
    colour(fresh);
    if (hadFocus) fresh.querySelector("a").focus();
    say(`${told.label}: ${fresh.querySelector("[data-heading]").textContent.trim()}`);
  } else {
    set(card, "[data-heading]", told.heading);
    card.querySelector("[data-bar]")?.remove();
  }
}

// A notification, if it was asked for and allowed.
const tell = document.querySelector("[data-tell]");
if (tell && "Notification" in window && Notification.permission !== "denied") {
  tell.hidden = false;
  tell.addEventListener("click", async () => {
    if ((await Notification.requestPermission()) !== "granted") return (tell.hidden = true);
    tell.dataset.tell = "yes";
    tell.disabled = true;
    tell.textContent = tell.dataset.done;
  });
}
function notify(title) {
  if (tell?.dataset.tell !== "yes") return;
  const note = new Notification(title, { icon: document.querySelector("link[rel=icon]").href, tag: location.pathname });
  note.addEventListener("click", () => window.focus());
}

// A fitting's heading: how many of them are ready.
function count() {
  const heading = document.querySelector("[data-ready]");
  if (!heading) return;
  const cards = [...root.querySelectorAll("[data-card]")];
  const ready = cards.filter((card) => card.dataset.status === "completed").length;
  heading.textContent = counted(heading, ready).replace("%t", cards.length);
}

async function look() {
  clearTimeout(timer);
  root = document.querySelector("[data-updates]"); // the gallery swaps its own
  const cards = running();
  if (!cards.length) return;
  let delay = RETRY;
  try {
    const query = new URLSearchParams(cards.map((card) => ["card", `${card.dataset.card}:${card.dataset.status}`]));
    query.append("looker", root.dataset.looker);
    const response = await fetch(`${root.dataset.updates}?${query}`, { headers: { Accept: "application/json" } });
    if (response.ok) {
      const told = await response.json();
      for (const [id, card] of Object.entries(told.cards)) await apply(id, card);
      count();
      const badge = document.querySelector("[data-running]");
      if (badge && "running" in told) {
        badge.hidden = told.running === 0;
        badge.querySelector(".n").textContent = told.running;
      }
      delay = (told.look_in ?? 10) * 1000;
    }
  } catch {
    // No connection: we go on by ourselves when it is back.
  }
  // Behind other tabs only the title and a notification are seen.
  timer = setTimeout(look, document.hidden ? Math.max(delay, HIDDEN) : delay);
}

document.addEventListener("visibilitychange", () => !document.hidden && look());
addEventListener("online", look);
timer = setTimeout(look, 1000);
