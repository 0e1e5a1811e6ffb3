// Hearts change in place, once the server has them; without this they are buttons of a form.
import { ask, persist, refused } from "./net.js";

async function set(button) {
  const on = button.value === "on";
  const body = new FormData();
  body.append("favourite", button.value);
  body.append("csrfmiddlewaretoken", button.form.elements.csrfmiddlewaretoken.value);
  // Setting one twice changes nothing, so it may be sent again.
  const answer = await persist(() =>
    ask(button.formAction, { method: "POST", body, headers: { Accept: "application/json" } }),
  );
  if (!answer.ok) return refused();
  button.value = on ? "off" : "on";
  button.setAttribute("aria-pressed", String(on));
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-favourite]");
  if (!button) return;
  event.preventDefault();
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await set(button);
  } finally {
    button.removeAttribute("aria-busy");
  }
});
