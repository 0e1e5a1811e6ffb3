// The review queue by keyboard. Off in fields, and where somebody switches it off.
const root = document.getElementById("review");
const on = root.querySelector("[data-keys-on]");
const KEPT = "review-keys";

/** What is kept in this browser; nothing where that is forbidden. */
function kept(value) {
  try {
    if (value) localStorage.setItem(KEPT, value);
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

if (on) {
  on.checked = kept() !== "off";
  on.addEventListener("change", () => kept(on.checked ? "on" : "off"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || (on && !on.checked)) return;
  if (event.target.matches("input:not([type=radio]):not([type=checkbox]), textarea, select"))
    return;
  const key = event.key.toLowerCase();
  const reason = root.querySelector(`[data-reason="${key}"]`);
  if (reason) {
    reason.checked = true;
    reason.focus();
    return event.preventDefault();
  }
  const button = root.querySelector(`[data-key="${key}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

for (const button of root.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", (event) => {
    if (!confirm(button.dataset.ask)) event.preventDefault();
  });
}
root.dataset.ready = "yes";
