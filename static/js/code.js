// A code on the screen lets a phone send a photo into this page.
import { say } from "./fitting.js";
import { Away, ask, parse, pause, persist } from "./net.js";

/** `arrived(html)` gets the photo's tile. */
export function start(button, dialog, token, consented, arrived) {
  const place = dialog.querySelector("[data-code]");
  const again = dialog.querySelector("[data-new]");
  let current = null; // what is under way for the code on the screen
  let opening = false;

  async function look(url, every, signal) {
    for (;;) {
      const told = await persist(async () => {
        const answer = await ask(url, { headers: { Accept: "application/json" }, signal });
        if (answer.status === 404) return { state: "over" };
        if (!answer.ok) throw new Away("busy");
        return parse(answer.text);
      }, signal);
      if (told.state === "used") {
        dialog.close();
        arrived(told.html);
        return say(dialog.dataset.here);
      }
      if (told.state === "over") {
        place.querySelector("[data-code-state]").textContent = dialog.dataset.over;
        return;
      }
      await pause(every * 1000);
      signal.throwIfAborted();
    }
  }

  function ordered(signal) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", token);
    if (consented()) body.append("consent", "on");
    return persist(async () => {
      const answer = await ask(dialog.dataset.url, { method: "POST", body, signal });
      return answer.ok || answer.status === 422 ? parse(answer.text) : null;
    }, signal);
  }

  async function show() {
    if (opening) return;
    current?.abort();
    current = new AbortController();
    const { signal } = current;
    opening = true;
    try {
      const told = await ordered(signal).finally(() => (opening = false));
      if (!told) return location.reload();
      if (told.error) {
        document.querySelector("[data-photo-error]").textContent = told.error;
        return say(told.error);
      }
      place.innerHTML = told.html;
      if (!dialog.open) dialog.showModal();
      await look(told.look, told.every, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  button.hidden = false;
  button.addEventListener("click", show);
  again.addEventListener("click", show);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => current?.abort());
}
