// Renews the page's figures every few seconds, unless somebody holds them still.
const own = () => document.getElementById("health");

setInterval(async () => {
  if (document.hidden || own().querySelector("[data-hold]").checked) return;
  if (own().contains(document.activeElement)) return;
  const response = await fetch(location.href);
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("health");
  if (fresh) own().replaceWith(fresh);
}, Number(own().dataset.renew));
