// The server shows days and times by this browser's clock, once it knows the zone.
try {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const safe = location.protocol === "https:" ? "; Secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: cookieStore is not in every browser
  if (zone) document.cookie = `tz=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${safe}`;
} catch {
  // Cookies are blocked, or the browser names no zone: times are the shop's.
}
