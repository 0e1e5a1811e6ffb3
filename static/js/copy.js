// Copies a link; without this, or where it is forbidden, it is marked and copied by hand.
function clipboard() {
  try {
    return navigator.clipboard;
  } catch {
    return null;
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!clipboard()) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await clipboard().writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
    } catch {
      button.hidden = true;
    }
  });
}
