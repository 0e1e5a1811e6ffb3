"""A shop's program that is told of events over HTTP, and what it makes of them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Delivery:
    """What came, as it was verified."""

    id: str
    type: str
    data: dict[str, Any]
    seconds: float  # since it happened


@dataclass
class Receiver:
    """`answer` says with which status; None hangs until it ends."""

    secret: str = ""
    answer: Callable[[int], int | None] = lambda n: 204
    came: list[Delivery] = field(default_factory=list)
    tried: int = 0
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    body: bytes = b"thank you"

    def take(self, headers: dict[str, str], body: bytes) -> int | None:
        with self.lock:
            self.tried += 1
            status = self.answer(self.tried)
        if status is not None and 200 <= status < 300:
            value: Any = json.loads(body)
            if self.secret:
                value = Webhook(self.secret).verify(body, headers)
            happened = datetime.fromisoformat(value["timestamp"])
            seconds = time.time() - happened.timestamp()
            told = Delivery(
                headers["webhook-id"], value["type"], value["data"], seconds
            )
            with self.lock:
                self.came.append(told)
        return status


@contextmanager
def listening(**fields: Any) -> Iterator[Receiver]:
    receiver = Receiver(**fields)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                headers = {name.lower(): text for name, text in self.headers.items()}
                status = receiver.take(headers, body)
            except Exception as error:
                receiver.wrong.append(repr(error))
                status = 400
            if status is None:
                receiver.ended.wait(60)
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.url + "elsewhere")
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *args: Any) -> None:
            """Whoever asked has gone."""

    server = Server(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        server.shutdown()
        server.server_close()
