// A code on the screen lets a phone send a photo into this page.
import { say } from "./fitting.js";

/** `arrived(html)` gets the photo's tile. */
export function start(button, dialog, token, consented, arrived) {
  const place = dialog.querySelector("[data-code]");
  let timer;

  async function look(url, every) {
    if (!dialog.open) return;
    try {
      const response = await fetch(url);
      const told = await response.json();
      if (told.state === "used") {
        dialog.close();
        say(dialog.dataset.here);
        return arrived(told.html);
      }
      if (told.state === "over") return (place.querySelector("[data-code-state]").textContent = dialog.dataset.over);
    } catch {
      // No connection: it goes on when it is back.
    }
    timer = setTimeout(look, every * 1000, url, every);
  }

  async function show() {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", token);
    if (consented()) body.append("consent", "on");
    const response = await fetch(dialog.dataset.url, { method: "POST", body });
    if (response.status === 422) return say((document.querySelector("[data-photo-error]").textContent = (await response.json()).error));
    if (!response.ok) return location.reload();
    const told = await response.json();
    place.innerHTML = told.html;
    if (!dialog.open) dialog.showModal();
    clearTimeout(timer);
    look(told.look, told.every);
  }

  button.hidden = false;
  button.addEventListener("click", show);
  dialog.querySelector("[data-new]").addEventListener("click", show);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => clearTimeout(timer));
}
