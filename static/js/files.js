// What can be wrong with a file before it travels, told beside the field that it came by.
import { say } from "./fitting.js";

export const texts = document.querySelector("[data-drop]").dataset;

/** The place of a field's problem, in sight. */
export function placeOf(input) {
  const place = document.querySelector(`[data-problem-of="${input.name}"]`);
  const part = place.closest("details");
  if (part) part.open = true;
  return place;
}

export function tell(input, sentence) {
  const place = placeOf(input);
  const p = document.createElement("p");
  p.className = "error";
  p.textContent = sentence;
  place.replaceChildren(p);
  place.scrollIntoView({ block: "nearest" });
  say(sentence);
}

/** False for one that was moved or changed since it was chosen, or lies in a cloud out of reach. */
export async function isReadable(file) {
  try {
    // A slice of nothing is never read: one that was gone already has no size.
    await (file.size ? file.slice(0, 1) : file).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
