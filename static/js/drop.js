// Pictures that are dropped or pasted into a page with a file field. What is no picture is
// told beside the field: a link from another tab, a folder, a file that is gone.
import { isReadable, placeOf, tell, texts } from "./files.js";

const TYPED =
  "input:not([type=file]):not([type=radio]):not([type=checkbox]), textarea, [contenteditable]";

/** The field of the part of the page where it happened, else the first. */
function fieldAt(target) {
  const part = target.closest?.(".own, form");
  return part?.querySelector("[type=file]") ?? document.querySelector("main [type=file]");
}

/** As if it had been chosen by the field: it stays there, whatever becomes of the upload. */
function choose(input, file) {
  const chosen = new DataTransfer();
  chosen.items.add(file);
  input.files = chosen.files;
  placeOf(input).replaceChildren();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Takes the file, or says why not: `otherwise` where there is none. */
async function take(input, data, otherwise) {
  if (!input) return; // the page has moved on
  const file = data.files[0];
  const folder = data.items[0]?.webkitGetAsEntry?.()?.isDirectory; // only now, not later
  if (folder) return tell(input, texts.folder);
  if (!file) return tell(input, otherwise);
  if (!(await isReadable(file))) return tell(input, texts.gone);
  choose(input, file);
}

let ours = false; // a picture of this page is dragged: that means nothing
document.addEventListener("dragstart", () => (ours = true));
document.addEventListener("dragend", () => (ours = false));

const isText = (event) =>
  event.target.matches?.(TYPED) && !event.dataTransfer.types.includes("Files");

document.addEventListener("dragover", (event) => isText(event) || event.preventDefault());
document.addEventListener("drop", (event) => {
  if (isText(event)) return;
  event.preventDefault(); // else the browser leaves the page for what was dropped
  if (!ours) take(fieldAt(event.target), event.dataTransfer, texts.link);
});
document.addEventListener("paste", (event) => {
  if (event.target.matches?.(TYPED) && !event.clipboardData?.files.length) return;
  if (event.clipboardData) take(fieldAt(event.target), event.clipboardData, texts.pasted);
});
