"""Product pages of a shop, from another origin, with the fitting room's button."""

import html
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings

from vto_site.env import LOOPBACK

FOLDER = Path(__file__).resolve().parent
TYPES = {".css": "text/css", ".js": "text/javascript", ".jpg": "image/jpeg"}


@dataclass(frozen=True)
class Product:
    name: str
    price: str
    picture: str
    skus: tuple[str, ...]


PRODUCTS = {
    "blazer": Product("Wool blazer", "129 €", "blazer.jpg", ("FR-1042",)),
    "dress": Product("Tea dress", "89 €", "red.jpg", ("FR-3039",)),
    "suit": Product("Shirt and trousers", "148 €", "linen.jpg", ("FR-1115", "FR-2040")),
}
PLAIN = "plain"  # in the address: the page without the button, to compare with


def find_origin() -> str:
    """Where the demo shop may be on this machine; nothing if we are not on it alone.

    Without https a browser keeps a frame's cookies only under the same host name.
    """
    site = urlsplit(settings.SITE_URL)
    if site.scheme != "http" or site.hostname not in LOOPBACK:
        return ""
    return f"http://{site.hostname}:{settings.PORT + 2}"


class ProductPages(ThreadingHTTPServer):
    """`site`: where the fitting room is. Serves `/`, `/<product>` and their files."""

    daemon_threads = True

    def __init__(self, host: str, port: int, site: str):
        self.site = site
        super().__init__((host, port), Handler)

    def build(self, product: Product, origin: str, query: dict[str, list[str]]) -> str:
        script = f'<script async src="{html.escape(self.site)}/embed.js"></script>'
        plain = PLAIN in query
        values = {name: html.escape(texts[0]) for name, texts in query.items()}
        links = (
            f'<a href="/{k}">{html.escape(p.name)}</a>' for k, p in PRODUCTS.items()
        )
        template = Template((FOLDER / "shop" / "page.html").read_text())
        return template.substitute(
            name=html.escape(product.name),
            price=product.price,
            picture=product.picture,
            language=values.get("lang", "en"),
            script="" if plain else script,
            button="" if plain else self.build_button(product, origin, values),
            links=" ".join(links),
        )

    def build_button(self, product: Product, page: str, values: dict[str, str]) -> str:
        """The link inside is for browsers without JavaScript."""
        query = [("garment", sku) for sku in product.skus] + [("return", page)]
        address = html.escape(f"{self.site}/try-on/?{urlencode(query)}")
        skus = (
            f'{"skus" if len(product.skus) > 1 else "sku"}="{" ".join(product.skus)}"'
        )
        token = f' token="{values["token"]}"' if "token" in values else ""
        link = f'<a href="{address}">See it on me</a>'
        return f"<fitting-room-button {skus} basket{token}>{link}</fitting-room-button>"


class Handler(BaseHTTPRequestHandler):
    server: ProductPages
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name = parts.path.strip("/") or "blazer"
        if name in PRODUCTS:
            scheme = self.headers.get("X-Forwarded-Proto", "http")
            page = f"{scheme}://{self.headers['Host']}{parts.path}"
            query = parse_qs(parts.query, keep_blank_values=True)
            text = self.server.build(PRODUCTS[name], page, query)
            return self.answer(200, text.encode(), "text/html; charset=utf-8")
        path = FOLDER / ("garments" if name.endswith(".jpg") else "shop") / name
        if Path(name).name != name or path.suffix not in TYPES or not path.is_file():
            return self.answer(404, b"Nothing here.", "text/plain")
        return self.answer(200, path.read_bytes(), TYPES[path.suffix])

    def answer(self, status: int, body: bytes, kind: str) -> None:
        site = self.server.site
        policy = {
            "default-src": "'none'",
            "script-src": f"'self' {site}",
            "frame-src": site,
            "style-src": "'self'",
            "img-src": "'self' data:",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        sources = "; ".join(f"{name} {value}" for name, value in policy.items())
        self.send_header("Content-Security-Policy", sources)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not a line for each picture."""
