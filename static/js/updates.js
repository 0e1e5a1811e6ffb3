// One poll a page: asks for all cards under way at once, as often as it is worth it.
import { colour, counted, say } from "./fitting.js";
import { Away, ask, parse, pause, persist } from "./net.js";
import { focusOn, getPage } from "./page.js";
import { start as slide } from "./slider.js"; // here, since nothing can be fetched offline

const OVER = ["completed", "failed", "canceled", "unconfirmed"];
const FIRST = 1000; // ms until the first poll
const HIDDEN = 5000; // ms between two polls of a page that nobody sees
const LATER = 10_000; // ms, where nothing is under way, and after a fault of ours
const reached = new Map(); // a bar never goes back

const root = () => document.querySelector("[data-updates]"); // the gallery swaps its own
const running = () =>
  [...root().querySelectorAll("[data-card]")].filter((card) => !OVER.includes(card.dataset.status));

function set(card, selector, text) {
  const element = card.querySelector(selector);
  if (element && element.textContent !== text) element.textContent = text;
}

async function apply(card, told) {
  // Gone, or over: the page itself says what is there now.
  if ("page" in card.dataset && (!told || OVER.includes(told.status))) return finishPage();
  if (!told) return;
  if (OVER.includes(told.status)) return finishCard(card, told);
  const before = card.dataset.status;
  const id = card.dataset.card;
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
  for (const element of card.querySelectorAll("[data-only]"))
    element.hidden = element.dataset.only !== told.status;
  if ("page" in card.dataset) {
    document.title = `${told.heading}: ${card.dataset.page}`;
    if (before !== told.status || told.stage === "line") say(`${told.line} ${told.heading}`);
  }
}

/** The page as it is now, in place. Only when it is here is anything given up. */
async function finishPage() {
  const page = await getPage(location.href, "[data-updates]");
  const hadFocus =
    root().contains(document.activeElement) || document.activeElement === document.body;
  root().replaceChildren(...page.querySelector("[data-updates]").childNodes);
  document.body.className = page.body.className;
  document.title = page.title;
  badge(page.querySelector("[data-running]"));
  colour(root());
  slide(root());
  if (hadFocus) focusOn(root());
  say(document.title);
  notify(document.title);
}

/** The header stays, with its menu and the focus in it; only its count is renewed. */
function badge(fresh) {
  const old = document.querySelector("[data-running]");
  if (fresh) old?.replaceWith(fresh);
  else old?.remove();
}

function finishCard(card, told) {
  if (!told.html || !card.classList.contains("card")) {
    card.dataset.status = told.status;
    set(card, "[data-heading]", told.heading);
    card.querySelector("[data-bar]")?.remove();
    return;
  }
  const holder = document.createElement("template");
  holder.innerHTML = told.html.trim();
  const fresh = holder.content.firstElementChild;
  const heading = fresh.querySelector("[data-heading]").textContent.trim();
  const hadFocus = card.contains(document.activeElement);
  if (card.querySelector("[data-pick]")) keepPick(card, fresh);
  else card.replaceWith(fresh);
  colour(root());
  if (hadFocus) fresh.querySelector("a")?.focus();
  say(`${told.label}: ${heading}`);
}

/** While several are being selected the card keeps its box, and whether it is ticked. */
function keepPick(card, fresh) {
  const tick = card.querySelector(".tick");
  fresh.querySelector(".frame").append(tick);
  card.querySelector(".frame").replaceWith(fresh.querySelector(".frame"));
  card.querySelector("[data-heading]").replaceWith(fresh.querySelector("[data-heading]"));
  card.className = fresh.className;
  card.dataset.status = fresh.dataset.status;
}

// A notification, if it was asked for and allowed.
let wanted = false;
function offerToNotify() {
  const button = document.querySelector("[data-tell]");
  try {
    if (button && Notification.permission !== "denied") button.hidden = false;
  } catch {
    // There are none in this browser, or not in this page: the button stays hidden.
  }
}

async function mayNotify() {
  try {
    return (await Notification.requestPermission()) === "granted";
  } catch {
    return false; // forbidden in this page
  }
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-tell]");
  if (!button) return;
  if (!(await mayNotify())) {
    button.hidden = true;
    return;
  }
  wanted = true;
  button.disabled = true;
  button.textContent = button.dataset.done;
});

function notify(title) {
  if (!wanted) return;
  try {
    const note = new Notification(title, {
      icon: document.querySelector("link[rel=icon]")?.href,
      tag: location.pathname,
    });
    note.addEventListener("click", () => window.focus());
  } catch {
    // Chrome on Android has the class and throws: the title alone tells it there.
  }
}

// A fitting's heading: how many of them are ready.
function count() {
  const heading = document.querySelector("[data-ready]");
  if (!heading) return;
  const cards = [...root().querySelectorAll("[data-card]")];
  const ready = cards.filter((card) => card.dataset.status === "completed").length;
  heading.textContent = counted(heading, ready).replace("%t", cards.length);
}

async function news() {
  const query = new URLSearchParams(
    running().map((card) => ["card", `${card.dataset.card}:${card.dataset.status}`]),
  );
  query.append("token", root().dataset.pollToken);
  const answer = await ask(`${root().dataset.updates}?${query}`, {
    headers: { Accept: "application/json" },
  });
  if (!answer.ok) throw new Away("busy");
  return parse(answer.text);
}

/** Answers after how many ms to ask again. */
async function poll() {
  const told = await persist(news);
  for (const card of running()) await apply(card, told.cards[card.dataset.card]);
  count();
  const badge = document.querySelector("[data-running]");
  if (badge && "running" in told) {
    badge.hidden = told.running === 0;
    badge.querySelector(".n").textContent = told.running;
  }
  return (told.poll_in ?? 10) * 1000;
}

async function watch() {
  let delay = FIRST;
  for (;;) {
    // Behind other tabs only the title and a notification are seen.
    await pause(document.hidden ? Math.max(delay, HIDDEN) : delay);
    try {
      delay = running().length ? await poll() : LATER;
    } catch (error) {
      delay = LATER;
      window.reportError?.(error);
    }
  }
}

watch();
offerToNotify(); // nothing that can be done without stands before the watching
