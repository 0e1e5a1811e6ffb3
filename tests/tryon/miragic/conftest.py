"""A server that says just what a test wants it to, byte for byte."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from tryon.miragic import Client, Deadlines

Script = Callable[[socket.socket, bytes], None]


class Wire:
    """Accepts connections on loopback; `script` answers each."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests: list[bytes] = []
        self.script: Script = lambda connection, request: None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._answer, args=(connection,), daemon=True
            ).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            request = self._read(connection)
            self.requests.append(request)
            try:
                self.script(connection, request)
            except OSError:
                pass  # the client has hung up

    def _read(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def says(
        self,
        status: int,
        body: bytes | str = b"",
        headers: dict[str, str] | None = None,
    ) -> None:
        body = body.encode() if isinstance(body, str) else body
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        answer = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        self.script = lambda connection, request: connection.sendall(answer)

    def close(self) -> None:
        self.listener.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    server = Wire()
    yield server
    server.close()


@pytest.fixture
def api(wire: Wire) -> Client:
    return Client(wire.url, Deadlines(submit=1, poll=1, download=1))
