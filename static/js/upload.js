// Sends a photo as soon as it is chosen. Without this the form's button sends it.

for (const form of document.querySelectorAll("[data-auto-upload]")) {
  form.addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files.length) form.requestSubmit();
  });
}

export async function upload(url, file, token) {
  const body = new FormData();
  body.append("photo_file", file);
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { Accept: "application/json", "X-CSRFToken": token },
  });
  if (response.status === 201 || response.status === 422) return response.json();
  throw new Error(String(response.status));
}
