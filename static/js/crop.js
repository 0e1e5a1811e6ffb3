// Crop by dragging over the photo; the four fields follow, and lead.
const details = document.querySelector("[data-crop]");
const stage = document.querySelector("[data-crop-stage]");
const fields = Object.fromEntries(
  ["left", "top", "right", "bottom"].map((n) => [n, details.querySelector(`[name=crop_${n}]`)]),
);
const box = document.createElement("div");
box.className = "crop-box";
box.setAttribute("aria-hidden", "true");
stage.append(box);

function draw() {
  const at = Object.fromEntries(Object.entries(fields).map(([n, f]) => [n, Number(f.value)]));
  box.hidden = !details.open;
  box.style.inset = `${at.top}% ${100 - at.right}% ${100 - at.bottom}% ${at.left}%`;
}

function point(event) {
  const area = stage.getBoundingClientRect();
  const share = (value) => Math.min(Math.max(Math.round(value * 1000) / 10, 0), 100);
  return [
    share((event.clientX - area.left) / area.width),
    share((event.clientY - area.top) / area.height),
  ];
}

let from = null;
stage.addEventListener("pointerdown", (event) => {
  if (!details.open) return;
  event.preventDefault();
  from = point(event);
  stage.setPointerCapture(event.pointerId); // throws where the finger has left already
});
stage.addEventListener("pointermove", (event) => {
  if (!from) return;
  const to = point(event);
  [fields.left.value, fields.right.value] = [from[0], to[0]].sort((a, b) => a - b);
  [fields.top.value, fields.bottom.value] = [from[1], to[1]].sort((a, b) => a - b);
  draw();
});
stage.addEventListener("pointerup", () => (from = null));
for (const field of Object.values(fields)) field.addEventListener("input", draw);
details.addEventListener("toggle", draw);
draw();
