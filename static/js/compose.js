// The outfit as it will be sent, uploads at once, filters that keep the choice.

import { start as startCode } from "./code.js";
import { busy, colour, counted, say } from "./fitting.js";
import { ask, persist, visit } from "./net.js";
import { upload } from "./upload.js";

const form = document.getElementById("compose");
const strip = form.querySelector("[data-strip]");
const go = form.querySelector("[data-go]");
const thumbs = form.querySelector("[data-thumbs]");
const stage = form.querySelector("[data-stage]");
const clear = form.querySelector("[data-clear]");
const limitReached = go.disabled;
const MOST_THUMBS = 2;
const SLOTS = ["top", "bottom", "full"];

const several = "several" in form.dataset;

const pieces = () => [...form.querySelectorAll("[name=pieces]:checked")];
const chosen = (name) =>
  form.querySelector(`[name=${name}]:checked`) ?? strip.querySelector(`[name=${name}]:checked`);

function thumb(src, name, alt) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.remove = name;
  button.setAttribute("aria-label", alt);
  const img = document.createElement("img");
  img.src = src;
  img.alt = "";
  button.append(img);
  return button;
}

function mark(text) {
  const span = document.createElement("span");
  span.className = "plus";
  span.textContent = text;
  return span;
}

function drawThumbs(photo, clothes) {
  thumbs.replaceChildren();
  if (photo) {
    const img = photo.parentElement.querySelector("img");
    const shown = document.createElement("img");
    shown.src = img.src;
    shown.alt = "";
    thumbs.append(shown);
    const large = img.cloneNode();
    large.sizes = "308px";
    large.alt = "";
    stage.replaceChildren(large);
  }
  stage.hidden = !photo;
  const most = clothes.length > MOST_THUMBS ? MOST_THUMBS - 1 : MOST_THUMBS;
  for (const input of clothes.slice(0, most)) {
    const label = `− ${input.dataset.label}`;
    thumbs.append(mark("+"), thumb(input.dataset.thumb, input.value, label));
  }
  if (clothes.length > most) thumbs.append(mark(`+ ${clothes.length - most}`));
  thumbs.hidden = !photo && clothes.length === 0;
}

/** What an outfit of so many pieces makes, after "1 picture". */
function outfitLine(count, texts) {
  if (!several && count === 2) return texts.topBottom;
  if (!several && count === 1) return texts.one;
  return ".";
}

/** What the button says, with what is missing first. */
function goText(photo, clothes, count) {
  if (photo && clothes) return several ? counted(go, count) : go.dataset.idle;
  return photo ? go.dataset.noGarment : go.dataset.noPhoto;
}

function draw() {
  const photo = chosen("photo");
  const own = form.elements.garment_file?.files.length > 0;
  const clothes = several ? pieces() : SLOTS.map(chosen).filter(Boolean);
  drawThumbs(photo, clothes);
  card();
  clear.hidden = clothes.length === 0;
  form.querySelector("[data-outfit-name]").textContent = clothes
    .map((c) => c.dataset.label)
    .join(" + ");
  const line = form.querySelector("[data-outfit-line]");
  line.textContent = outfitLine(clothes.length, line.dataset);
  const over = form.querySelector("[data-too-many]");
  over.hidden = !several || clothes.length <= Number(form.dataset.left);
  over.textContent = over.dataset.text;
  if (limitReached) return;
  const file = form.elements.photo_file.files.length > 0;
  const hasPhoto = Boolean(photo || file);
  const hasClothes = clothes.length > 0 || own;
  go.textContent = goText(hasPhoto, hasClothes, clothes.length);
  go.disabled = !hasPhoto || !hasClothes || !over.hidden;
}

form.addEventListener("change", async (event) => {
  const input = event.target;
  // The photo was chosen first, the box ticked then.
  if (input.name === "consent" && input.checked && form.elements.photo_file.files.length) {
    await send(form.elements.photo_file.files[0], form.elements.photo_file);
  }
  if (input.name === "full" && input.checked) release("top", "bottom");
  if ((input.name === "top" || input.name === "bottom") && input.checked) release("full");
  if (input.matches("[data-upload]") && input.files.length) await send(input.files[0], input);
  draw();
});

// The report card of the chosen photo, for the clothes that are chosen.
const report = form.querySelector("[data-report]");
let shown = null; // until the first drawing: what the server has drawn
let asking = null;
function kindWorn() {
  if (chosen("full")) return "full_body";
  return chosen("bottom") ? "lower_body" : "";
}
async function card() {
  const photo = chosen("photo");
  const kind = kindWorn();
  const wanted = photo ? `${photo.value} ${kind}` : "";
  if (wanted === shown) return;
  const drawn = shown === null && report.childElementCount > 0;
  shown = wanted;
  if (drawn) return;
  asking?.abort();
  if (!photo) return report.replaceChildren();
  asking = new AbortController();
  const { signal } = asking;
  const url = report.dataset.url.replace("00000000-0000-0000-0000-000000000000", photo.value);
  try {
    const answer = await persist(() => ask(`${url}?kind=${kind}`, { signal }), signal);
    report.innerHTML = answer.ok ? answer.text : "";
  } catch (error) {
    if (!signal.aborted) throw error; // another photo was chosen
  }
}

function takeOff(input) {
  if (!input) return;
  input.checked = false;
  say(`− ${input.dataset.label}`);
}

function release(...names) {
  for (const name of names) takeOff(chosen(name));
}

const consented = () => !form.querySelector("[name=consent]:not(:checked)");

// The last photo that is on its way; true when it has arrived.
let sending = null;
let stop = null;

function send(file, input) {
  stop?.abort();
  stop = new AbortController();
  sending = sendOne(file, input, stop.signal);
  return sending;
}

// Pressed while a photo travels: the outfit goes when it is here.
form.addEventListener("submit", async (event) => {
  if (!sending) return;
  event.preventDefault();
  const button = event.submitter;
  if (button) busy(button, true);
  const arrived = await sending;
  if (button) busy(button, false);
  draw();
  if (arrived) form.requestSubmit(button);
});

async function sendOne(file, input, signal) {
  const problem = form.querySelector("[data-photo-error]");
  const state = form.querySelector("[data-upload-state]");
  const tile = strip.querySelector(".add");
  const told = (sentence) => (state.textContent = sentence);
  problem.replaceChildren();
  tile.classList.add("uploading");
  try {
    const answer = await upload(
      form.dataset.photosUrl,
      file,
      form.elements.csrfmiddlewaretoken.value,
      state.dataset,
      told,
      consented(),
      signal,
    );
    told(answer.error ? "" : answer.saved);
    if (answer.error) return show(problem, answer.error);
    form.querySelector("[data-consent]")?.remove();
    add(answer.html);
    if (input) input.value = "";
    return true;
  } catch {
    // Another photo came first, or the server takes none this way. The form still has
    // the file: the button sends it with the rest.
    if (!signal.aborted) {
      told("");
      tile.querySelector("[data-file-name]").textContent = file.name;
    }
    return !signal.aborted;
  } finally {
    if (stop.signal === signal) {
      sending = null;
      tile.classList.remove("uploading");
    }
  }
}

function add(html) {
  const tile = strip.querySelector(".add");
  const holder = document.createElement("template");
  holder.innerHTML = html.trim();
  const fresh = holder.content.firstElementChild;
  strip
    .querySelector(`[value="${fresh.querySelector("input").value}"]`)
    ?.closest("label")
    .remove();
  tile.after(fresh);
  tile.classList.remove("alone");
  const words = tile.querySelector("[data-more]");
  words.textContent = words.dataset.more; // the place is small from now on
  fresh.querySelector("input").checked = true;
  colour(fresh);
  fresh.querySelector("input").focus();
}

function show(place, sentence) {
  const p = document.createElement("p");
  p.className = "error";
  p.textContent = sentence;
  place.replaceChildren(p);
  if (consented()) form.elements.photo_file.value = "";
  say(sentence);
}

thumbs.addEventListener("click", (event) => {
  const button = event.target.closest("[data-remove]");
  if (!button) return;
  takeOff(form.querySelector(`.garment [value="${button.dataset.remove}"]`));
  draw();
  go.focus();
});
clear.addEventListener("click", () => {
  release(...SLOTS);
  for (const piece of pieces()) takeOff(piece);
  draw();
});

// Pressing a chosen piece again takes it off: native radios cannot.
let was = null;
form.addEventListener("pointerdown", (event) => {
  was = event.target.closest(".garment label")?.querySelector("input[type=radio]:checked") ?? null;
});
form.addEventListener("click", (event) => {
  if (!was || event.target !== was) return;
  const name = was.name;
  was = null;
  release(name);
  draw();
});

// Filters are links and a form; the choice goes along.
function withChoice(url) {
  for (const name of ["photo", ...SLOTS, "pieces"]) url.searchParams.delete(name);
  const photo = chosen("photo");
  if (photo) url.searchParams.set("photo", photo.value);
  for (const input of several ? pieces() : SLOTS.map(chosen).filter(Boolean)) {
    if (url.searchParams.has("several")) url.searchParams.append("pieces", input.value);
    else if (!url.searchParams.has(input.dataset.slot))
      url.searchParams.set(input.dataset.slot, input.value);
  }
  url.hash = "clothes";
  return url;
}
form.addEventListener("click", (event) => {
  const link = event.target.closest(".chip, .paging a, .switch a");
  if (!link || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  visit(withChoice(new URL(link.href)));
});
document.querySelector("[data-filter]").addEventListener("submit", (event) => {
  event.preventDefault();
  const url = new URL(location.href);
  for (const [name, value] of new FormData(event.target)) url.searchParams.set(name, value);
  url.searchParams.delete("page");
  visit(withChoice(url));
});

draw();
addEventListener("pageshow", draw); // after Back, when the choice has been restored

startCode(
  document.querySelector("[data-show-code]"),
  document.querySelector("[data-code-dialog]"),
  form.elements.csrfmiddlewaretoken.value,
  consented,
  (html) => {
    form.querySelector("[data-consent]")?.remove();
    add(html);
    draw();
  },
);
