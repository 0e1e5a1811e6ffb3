// What a shop would do with the button's events: put the piece into its basket.
const basket = document.getElementById("basket");
const events = document.getElementById("events");

function add() {
  basket.textContent = Number(basket.textContent) + 1;
}

document.getElementById("buy").addEventListener("click", add);
document.addEventListener("fitting-room:basket", add);
for (const name of ["open", "started", "ready", "failed", "basket", "close"]) {
  document.addEventListener(`fitting-room:${name}`, (event) => {
    const line = document.createElement("li");
    line.textContent = `${name} ${event.detail.sku} ${event.detail.try_on ?? ""}`.trim();
    line.dataset.detail = JSON.stringify(event.detail);
    events.append(line);
  });
}
