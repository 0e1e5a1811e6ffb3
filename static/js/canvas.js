// Pictures are made smaller here before they travel. Wherever that does not work, or the
// browser guards its canvas against fingerprints with noise or white, the original goes.

const LONG_SIDE = 2048; // pixels: what the picture is fitted to anyway
const SMALL = 1_000_000; // bytes that are not worth the work
const QUALITY = 0.85;
const PATIENCE = 20_000; // ms for a picture; a browser may ask its user, or never answer
const TESTING = 3000; // ms for the test of the canvas

/** A JPEG of at most 2048 pixels, or the file as it is where that would not help. */
export async function shrink(file) {
  if (!/^image\/(jpeg|png|webp|avif)$/.test(file.type)) return file;
  // Where it fails it is too large to draw here, or no picture: the server says which.
  return orElse(file, smaller(file), PATIENCE);
}

/** What `task` comes to; `other` where it fails, or is not done after `ms`. */
async function orElse(other, task, ms) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms, other)));
  try {
    return await Promise.race([task, late]);
  } catch {
    return other;
  } finally {
    clearTimeout(timer);
  }
}

async function smaller(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size < SMALL) return file;
  if (!(await isHonest())) return file;
  const { canvas, context } = sheet(
    Math.round(bitmap.width * scale),
    Math.round(bitmap.height * scale),
  );
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await written(canvas, "image/jpeg");
  if (!blob || blob.size >= file.size) return file;
  return new File([blob], "photo.jpg", { type: "image/jpeg" });
}

function sheet(width, height, options) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  return { canvas, context: canvas.getContext("2d", options) };
}

const written = (canvas, type) => new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));

const SIDE = 96; // pixels of the test picture
const FIELD = 16; // pixels of one colour: wide enough to come through a JPEG
const MARGIN = 4; // pixels beside a field's edge, where a JPEG may ring
const LOSS = 24; // of 255: what a JPEG of these colours may differ by
const READ = { willReadFrequently: true };

/** What the test picture has at a pixel. The fields are unlike each other: a browser may
 * leave a picture of one colour alone. */
function colourAt(x, y) {
  const n = Math.floor(x / FIELD) * 7 + Math.floor(y / FIELD) * 11;
  return [(n * 37) % 256, (n * 91) % 256, (n * 53) % 256];
}

const pixels = (context) => context.getImageData(0, 0, SIDE, SIDE).data;

/** Whether these are the pixels of the test picture, but for `most` in each colour. */
function holds(data, most = 0, margin = 0) {
  const counts = (at) => at % FIELD >= margin && at % FIELD < FIELD - margin;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      if (!counts(x) || !counts(y)) continue;
      const at = 4 * (y * SIDE + x);
      if ([...colourAt(x, y), 255].some((value, i) => Math.abs(value - data[at + i]) > most))
        return false;
    }
  }
  return true;
}

/** The pixels of the file that the canvas writes. */
async function readBack(canvas, type) {
  const bitmap = await createImageBitmap(await written(canvas, type), {
    colorSpaceConversion: "none",
  });
  const { context } = sheet(SIDE, SIDE, READ);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return pixels(context);
}

async function test() {
  const { canvas, context } = sheet(SIDE, SIDE, READ);
  for (let y = 0; y < SIDE; y += FIELD) {
    for (let x = 0; x < SIDE; x += FIELD) {
      context.fillStyle = `rgb(${colourAt(x, y).join()})`;
      context.fillRect(x, y, FIELD, FIELD);
    }
  }
  // Noise is told from a PNG, which loses nothing; the JPEG is what is sent.
  if (!holds(pixels(context)) || !holds(await readBack(canvas, "image/png"))) return false;
  return holds(await readBack(canvas, "image/jpeg"), LOSS, MARGIN);
}

let tested;

/** Whether this browser's canvas can be believed; found out once a page. */
const isHonest = () => (tested ??= orElse(false, test(), TESTING));
