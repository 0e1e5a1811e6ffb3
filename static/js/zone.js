// The server shows days and times by this browser's clock, once it knows the zone. In a
// shop's frame the cookie has to be the frame's own (tryon/web/framing.py).
function write(name, value) {
  const framed = "pagesAround" in document.body.dataset;
  const secure = location.protocol === "https:";
  const begin = secure ? "__Host-frame-" : "frame-";
  const site = framed && secure ? "None; Partitioned" : "Lax";
  const rest = `Path=/; Max-Age=31536000; SameSite=${site}${secure ? "; Secure" : ""}`;
  // biome-ignore lint/suspicious/noDocumentCookie: cookieStore is not in every browser
  document.cookie = `${framed ? begin : ""}${name}=${value}; ${rest}`;
}

try {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) write("tz", zone);
} catch {
  // Cookies are blocked, or the browser names no zone: times are the shop's.
}
