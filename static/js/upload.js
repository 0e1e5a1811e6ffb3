// Pictures are made smaller here before they travel. Without this the original goes.

const LONG_SIDE = 2048; // pixels: what the picture is fitted to anyway
const SMALL = 1_000_000; // bytes that are not worth the work
const QUALITY = 0.85;

/** A JPEG of at most 2048 pixels, or the file as it is where that would not help. */
export async function shrink(file) {
  if (!/^image\/(jpeg|png|webp|avif)$/.test(file.type)) return file;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file; // the server says what is wrong with it
  }
  const scale = Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size < SMALL) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob || blob.size >= file.size) return file;
  return new File([blob], "photo.jpg", { type: "image/jpeg" });
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Sends one photo; `told(sentence)` hears how it goes. Answers the server's JSON. */
export async function upload(url, file, token, texts, told, consent = true) {
  const small = await shrink(file);
  const saved = small === file ? "" : `${texts.smaller.replace("%a", megabytes(file.size)).replace("%b", megabytes(small.size))} `;
  const body = new FormData();
  body.append("photo_file", small, small.name);
  if (consent) body.append("consent", "on");
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) told(saved + texts.sending.replace("%p", Math.round((100 * event.loaded) / event.total)));
    });
    request.addEventListener("load", () => {
      if ((request.status === 201 || request.status === 422) && request.response) resolve({ ...request.response, saved });
      else reject(new Error(String(request.status)));
    });
    request.addEventListener("error", () => reject(new Error("network")));
    request.send(body);
  });
}

for (const form of document.querySelectorAll("[data-auto-upload]")) {
  form.addEventListener("change", async (event) => {
    const input = event.target;
    if (input.type !== "file" || !input.files.length) return;
    if (form.querySelector("[name=consent]:not(:checked)")) return; // the button asks for it
    const small = await shrink(input.files[0]);
    if (small !== input.files[0]) {
      const holder = new DataTransfer();
      holder.items.add(small);
      input.files = holder.files;
    }
    form.requestSubmit();
  });
}
