// Hearts change in place; without this they are buttons of a form.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-favourite]");
  if (!button) return;
  event.preventDefault();
  const on = button.value === "on";
  const body = new FormData();
  body.append("favourite", button.value);
  body.append("csrfmiddlewaretoken", button.form.elements.csrfmiddlewaretoken.value);
  const response = await fetch(button.formAction, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!response.ok) return;
  button.value = on ? "off" : "on";
  button.setAttribute("aria-pressed", String(on));
});
