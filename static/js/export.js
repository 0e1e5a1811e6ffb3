// How far the zip is; when it is ready the page is the one to download it from.
import { Away, ask, parse, pause, persist } from "./net.js";
import { getPage, showPage } from "./page.js";

const root = document.querySelector("[data-export]");
const OVER = ["ready", "failed"];

async function state() {
  const answer = await ask(location.href, { headers: { Accept: "application/json" } });
  if (answer.status === 404) return { state: "failed" };
  if (!answer.ok) throw new Away("busy");
  return parse(answer.text);
}

async function watch() {
  for (;;) {
    await pause(500);
    const told = await persist(state);
    if (OVER.includes(told.state)) return showPage(await getPage(location.href, "#content h1"));
    root.querySelector("[data-bar]").value = told.percent;
    const line = root.querySelector("[data-line]");
    line.textContent = line.dataset.text.replace("%d", told.done).replace("%n", told.total);
    await pause(500);
  }
}

if (root) watch();
