"""A shop of one's own over real HTTP: its feed and its pictures, which it counts."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

from tests.factories import picture_bytes

RSS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n'
    "<channel><title>Shop</title><link>https://shop.example.org</link>\n"
)


@dataclass
class Answer:
    """What is sent for a path; `act` is called before, and may raise."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    act: Callable[[], None] = lambda: None
    chunks: Iterator[bytes] | None = None


class Shop:
    """`answers` by path; `asked` counts them by path and status."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: Counter[tuple[str, int]] = Counter()
        self.at_once = self.most_at_once = 0
        self.delay = 0.0
        self.headers: list[dict[str, str]] = []
        lock = threading.Lock()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with lock:
                    shop.at_once += 1
                    shop.most_at_once = max(shop.at_once, shop.most_at_once)
                    shop.headers.append(dict(self.headers))
                try:
                    time.sleep(shop.delay)
                    self.answer(shop.answers.get(self.path, Answer(status=404)))
                except OSError:
                    pass  # it has hung up
                finally:
                    with lock:
                        shop.at_once -= 1

            def answer(self, given: Answer) -> None:
                given.act()
                status, body = given.status, given.body
                etag = given.headers.get("ETag")
                if etag and self.headers.get("If-None-Match") == etag:
                    status, body = 304, b""
                with lock:
                    shop.asked[self.path, status] += 1
                self.send_response(status)
                for name, value in given.headers.items():
                    self.send_header(name, value)
                if given.chunks is None:
                    if status != 304:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                    return
                self.end_headers()
                for chunk in given.chunks:
                    self.wfile.write(chunk)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.address = f"{self.url}/feed"

    def serve(self, body: str | bytes, path: str = "/feed", **options: object) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.answers[path] = Answer(data, **options)

    def serve_items(self, *items: str, **options: object) -> None:
        self.serve(RSS + "\n".join(items) + "\n</channel></rss>", **options)

    def add_picture(self, name: str, **headers: str) -> str:
        """Another one each time; its address."""
        etag = {"ETag": f'"{time.monotonic_ns()}"'}
        self.answers[f"/{name}"] = Answer(picture_bytes(), headers={**etag, **headers})
        return f"{self.url}/{name}"

    def item(self, sku: str, **fields: str) -> str:
        """As RSS; a dress with a picture of its own, unless it says otherwise."""
        told = {
            "id": sku,
            "title": f"Piece {sku}",
            "link": f"https://shop.example.org/{sku}",
            "google_product_category": "2271",
            "availability": "in_stock",
            **fields,
        }
        if "image_link" not in told:
            path = f"/{sku}.jpg"
            told["image_link"] = self.url + path
            if path not in self.answers:
                self.add_picture(path[1:])
        lines = [f"<g:{name}>{escape(text)}</g:{name}>" for name, text in told.items()]
        return "<item>" + "".join(lines) + "</item>"

    def count(self, status: int = 200, *, feed: bool = False) -> int:
        """Pictures that were sent, or feeds."""
        return sum(
            n
            for (path, answered), n in self.asked.items()
            if answered == status and (path == "/feed") == feed
        )


@contextlib.contextmanager
def opened() -> Iterator[Shop]:
    shop = Shop()
    thread = threading.Thread(target=shop.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        shop.server.shutdown()
        shop.server.server_close()
