// Before and after: a native range over two pictures.

export function start(root) {
  for (const picture of root.querySelectorAll("[data-slider]")) {
    const range = picture.querySelector("input[type=range]");
    const before = picture.querySelector(".before");
    if (!before || picture.classList.contains("on")) continue;
    const divide = picture.querySelector(".divide");
    const draw = () => {
      before.style.clipPath = `inset(0 ${100 - range.value}% 0 0)`;
      divide.style.left = `${range.value}%`;
      range.setAttribute("aria-valuetext", `${100 - range.value} ${range.dataset.text}`);
    };
    picture.classList.add("on");
    range.addEventListener("input", draw);
    draw();
  }
}

start(document);
