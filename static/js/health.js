// Renews the page's figures every few seconds, unless somebody holds them still.
import { pause } from "./net.js";
import { getPage } from "./page.js";

const own = () => document.getElementById("health");
const held = () =>
  document.hidden ||
  own().querySelector("[data-hold]").checked ||
  own().contains(document.activeElement);

async function watch() {
  for (;;) {
    await pause(Number(own().dataset.renew), false);
    if (held()) continue;
    const page = await getPage(location.href, "#health");
    if (!held()) own().replaceWith(page.getElementById("health"));
  }
}

watch();
