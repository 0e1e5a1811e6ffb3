// How far the zip is; when it is ready the page is the one to download it from.
const root = document.querySelector("[data-export]");

async function look() {
  try {
    const response = await fetch(location.href, { headers: { Accept: "application/json" } });
    const told = await response.json();
    if (told.state === "ready" || told.state === "failed") return location.reload();
    root.querySelector("[data-bar]").value = told.percent;
    const line = root.querySelector("[data-line]");
    line.textContent = line.dataset.text.replace("%d", told.done).replace("%n", told.total);
  } catch {
    // No connection: it goes on when it is back.
  }
  setTimeout(look, 1000);
}

if (root) setTimeout(look, 500);
