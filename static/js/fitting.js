// On every page: colours behind loading pictures, focus after errors, one submit a click.

export function colour(root) {
  for (const img of root.querySelectorAll("img[data-color]")) {
    img.style.backgroundColor = img.dataset.color;
  }
}

export function say(text) {
  const live = document.getElementById("live");
  if (live && live.textContent !== text) live.textContent = text;
}

/** The one of an element's two texts that goes with `n`. */
export const counted = (element, n) => (n === 1 ? element.dataset.one : element.dataset.many).replace("%n", n);

export function busy(button, on) {
  button.classList.toggle("busy", on);
  button.setAttribute("aria-disabled", String(on));
}

colour(document);
document.querySelector("[data-focus]")?.focus();

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || event.target.method !== "post" || !button) return;
  if (button.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    return;
  }
  busy(button, true);
});

// A page from the back-forward cache must not keep its button busy.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll(".busy")) busy(button, false);
});

// The account menu closes on Escape and when the focus leaves it.
for (const menu of document.querySelectorAll(".menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
}
