"""Bodies that do not say how large they are, over real HTTP through both servers."""

import contextlib
import http.client
import re
import socket
import uuid
from collections.abc import Iterator

import pytest

from tests import databases
from tests.live import LiveSite

LOCAL = {"AWS_STORAGE_BUCKET_NAME": "", "TRYON_MAX_UPLOAD_MB": "0.4"}  # 2.2 MB a body
pytestmark = pytest.mark.anywhere


@pytest.fixture(scope="module")
def granian(tmp_path_factory) -> Iterator[LiveSite]:
    site = LiveSite(tmp_path_factory.mktemp("bodies"), **LOCAL)
    site.prepare()
    site.start("web")
    site.until(site.is_up)
    yield site
    site.kill_all()


@pytest.fixture
def runserver(granian) -> Iterator[LiveSite]:
    """Beside it, on the same database."""
    site = LiveSite(granian.folder)
    site.env = {**granian.env, "PORT": str(site.port)}
    where = f"127.0.0.1:{site.port}"
    site.commands["web"] = f"python manage.py runserver --noreload {where}"
    site.start("web")
    site.until(site.is_up)
    yield site
    site.kill_all()


class Browser:
    """One connection, and the cookie with which forms are sent."""

    def __init__(self, site: LiveSite):
        self.connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
        self.connection.request("GET", "/photos/")
        answer = self.connection.getresponse()
        html = answer.read().decode()
        cookies = answer.headers.get_all("Set-Cookie") or []
        self.cookie = "; ".join(text.partition(";")[0] for text in cookies)
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)
        assert found
        self.token = found[1]

    def body(self, photo: bytes, boundary: str) -> bytes:
        parts = [
            ("csrfmiddlewaretoken", "", self.token.encode()),
            ("consent", "", b"on"),
            ("photo_file", '; filename="me.jpg"', photo),
        ]
        body = b""
        for name, more, value in parts:
            head = f'Content-Disposition: form-data; name="{name}"{more}'
            body += f"--{boundary}\r\n{head}\r\n\r\n".encode() + value + b"\r\n"
        return body + f"--{boundary}--\r\n".encode()

    def headers(self, boundary: str, **more: str) -> dict[str, str]:
        kind = f"multipart/form-data; boundary={boundary}"
        return {"Content-Type": kind, "Cookie": self.cookie, **more}

    def send(self, photo: bytes, **more: str) -> tuple[int, str, str]:
        """In parts of 10,000 bytes, with no length."""
        boundary = uuid.uuid4().hex
        body = self.body(photo, boundary)
        parts = (body[n : n + 10_000] for n in range(0, len(body), 10_000))
        headers = self.headers(boundary, **more)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.request(
                "POST", "/photos/", parts, headers, encode_chunked=True
            )
        answer = self.connection.getresponse()
        text = answer.read().decode()
        return answer.status, answer.headers.get("Location", ""), text


def photos(site: LiveSite) -> int:
    return int(databases.ask(site.env, "SELECT COUNT(*) FROM tryon_photo")[0][0])


def test_granian_takes_a_photo_that_comes_in_parts(granian, jpeg):
    before = photos(granian)
    browser = Browser(granian)
    assert browser.send(jpeg)[0] == 302
    assert photos(granian) == before + 1
    # The connection goes on, and nothing of the body is taken for a request.
    browser.connection.request("GET", "/healthz")
    assert browser.connection.getresponse().read() == b"ok\n"


def test_granian_refuses_what_is_too_large_without_reading_all(granian):
    status, _, text = Browser(granian).send(b"x" * 5_000_000)
    assert status == 413
    assert "larger than we take" in text


def test_runserver_says_that_it_needs_a_length(runserver, jpeg):
    browser = Browser(runserver)
    status, _, text = browser.send(jpeg)
    assert status == 411
    assert "did not say how large it is" in text


@pytest.mark.parametrize("server", ["granian", "runserver"])
def test_a_client_that_waits_to_be_asked_is_asked(server, jpeg, request):
    """curl does so with whatever is larger than a megabyte."""
    site = request.getfixturevalue(server)
    browser, boundary = Browser(site), uuid.uuid4().hex
    body = browser.body(jpeg, boundary)
    told = {"Expect": "100-continue", "Content-Length": str(len(body))}
    lines = [f"{k}: {v}" for k, v in browser.headers(boundary, **told).items()]
    head = "\r\n".join(["POST /photos/ HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""])
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as wire:
        wire.sendall(head.encode())
        assert wire.recv(1000).startswith(b"HTTP/1.1 100 ")
        wire.sendall(body)
        assert wire.recv(1000).startswith(b"HTTP/1.1 302 "), site.logs()


def test_one_that_is_too_large_is_not_asked_for(granian):
    told = "Expect: 100-continue\r\nContent-Length: 9999999"
    head = f"POST /photos/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{told}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", granian.port), timeout=30) as wire:
        wire.sendall(head.encode())
        assert wire.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_what_is_longer_than_announced_is_no_part_of_it(granian, jpeg):
    """And what says both is measured: no request hides in the rest."""
    browser, boundary = Browser(granian), uuid.uuid4().hex
    body = browser.body(jpeg, boundary)
    told = {"Transfer-Encoding": "chunked", "Content-Length": "10"}
    lines = [f"{k}: {v}" for k, v in browser.headers(boundary, **told).items()]
    head = "\r\n".join(["POST /photos/ HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""])
    with socket.create_connection(("127.0.0.1", granian.port), timeout=30) as wire:
        wire.sendall(head.encode())
        wire.sendall(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
        assert wire.recv(1000).split()[1] in (b"302", b"400")
