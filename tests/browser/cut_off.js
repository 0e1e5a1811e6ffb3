// What of a page is outside of the window, in a box that hides what does not fit, or
// under something else that can be pressed.
() => {
  const shown = (e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const told = [];
  if (document.documentElement.scrollWidth > innerWidth) told.push("scrolls sideways");
  for (const e of document.querySelectorAll("main *, header *, footer *")) {
    if (!shown(e) || e.closest(".sr, .sr-focus, [data-slider], dialog:not([open])")) continue;
    const style = getComputedStyle(e);
    const hides = /hidden|clip/.test(style.overflowX) && style.textOverflow !== "ellipsis";
    const hasText = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (hasText && hides && e.scrollWidth > e.clientWidth + 1) told.push("cut: " + e.outerHTML);
    const box = e.getBoundingClientRect();
    const scrolls = e.closest(".chips, .strip, .wide, table, pre");
    if (hasText && !scrolls && box.width > 2 && (box.left < -1 || box.right > innerWidth + 1))
      told.push("outside: " + e.outerHTML);
  }
  const pressed = [...document.querySelectorAll("main a, main button, main select")].filter(
    (e) => shown(e) && !e.closest("[data-slider], .tray, .card, .tile, .garment, .chips, .dialog"));
  const boxes = pressed.map((e) => [e, e.getBoundingClientRect()]);
  for (const [a, x] of boxes) for (const [b, y] of boxes) {
    if (a === b || a.contains(b) || b.contains(a) || !x.width || !y.width) continue;
    const wide = Math.min(x.right, y.right) - Math.max(x.left, y.left);
    const high = Math.min(x.bottom, y.bottom) - Math.max(x.top, y.top);
    if (wide > 2 && high > 8) told.push("overlap: " + a.outerHTML + b.outerHTML);
  }
  return told.map((text) => text.replace(/\s+/g, " ").slice(0, 200));
}
