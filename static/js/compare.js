// Larger, all at once and at the same place.
const button = document.querySelector("[data-larger]");
const zooms = [...document.querySelectorAll("[data-zoom]")];
button.hidden = false;

function set(on) {
  button.setAttribute("aria-pressed", String(on));
  for (const zoom of zooms) zoom.classList.toggle("large", on);
}

button.addEventListener("click", () => set(button.getAttribute("aria-pressed") !== "true"));
for (const zoom of zooms) {
  zoom.addEventListener("click", () => set(!zoom.classList.contains("large")));
  zoom.addEventListener("pointermove", (event) => {
    const area = zoom.getBoundingClientRect();
    const x = (100 * (event.clientX - area.left)) / area.width;
    const y = (100 * (event.clientY - area.top)) / area.height;
    for (const other of zooms) {
      other.querySelector("img").style.transformOrigin = `${x}% ${y}%`;
    }
  });
}
