"""One HTTP exchange with a deadline over all of it, on a connection of its own.

`requests` bounds each read, not the exchange: a server that drips a byte a second
would hold a worker for ever. And a connection that was kept alive may be closed by
the server at the moment of a POST, which would make an ambiguous submit out of
nothing. So each exchange opens its own connection, and at the deadline a timer
shuts the socket down.
"""

import ipaddress
import queue
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.retry import Retry

CHUNK = 64 * 1024  # bytes
# Field, and the file's name, bytes and type.
Files = list[tuple[str, tuple[str, bytes, str]]]
Address = tuple[int, int, int, str, tuple[int | str | bytes, ...]]  # `getaddrinfo`'s

# IPv6 that ends with an IPv4 address: compatible, translated, NAT64.
TRANSLATED = [
    ipaddress.IPv6Network(network)
    for network in ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96")
]
LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")

# What reading from a socket that was shut down or cut can raise.
BROKEN = (requests.RequestException, HTTPError, OSError, ValueError)


class Exchange:
    """What happens on the wire during one request; `deadline` in seconds.

    After a failure `connected` says whether anything can have been sent, `expired`
    whether the deadline ended it, and `forbidden` whether it led where `public_only`
    does not allow: to private, loopback and other special addresses. The address
    that was checked is the one that is connected to.
    """

    def __init__(self, deadline: float, *, public_only: bool = False):
        self.ends = time.monotonic() + deadline
        self.public_only = public_only
        self.connected = False
        self.expired = False
        self.forbidden = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(deadline, self._expire)
        self._timer.daemon = True
        self._session = requests.Session()

    def __enter__(self) -> "Exchange":
        self._timer.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._timer.cancel()
        self._session.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: dict[str, str] | bytes | None = None,
        files: Files | None = None,
    ) -> requests.Response:
        """Follows no redirect, repeats nothing, reuses no connection."""
        self._session.close()
        self._session = requests.Session()
        self._session.trust_env = False  # no proxies, no .netrc: a fixed way out
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, _Adapter(self))
        return self._session.request(
            method,
            url,
            stream=True,
            allow_redirects=False,
            timeout=max(self.ends - time.monotonic(), 0.001),
            headers=headers,
            data=data,
            files=files,
        )

    def chunks(self, response: requests.Response) -> Iterator[bytes]:
        yield from response.iter_content(CHUNK)
        if self.expired:  # a shut-down socket can look like the end of a body
            raise requests.Timeout("deadline")

    def connect(self, host: str, port: int) -> socket.socket:
        """A socket to `host`; the checked address is the connected one."""
        addresses = self._resolve(host.strip("[]"), port)
        error: OSError = OSError("no address")
        for *_family, (address, *_rest) in addresses:
            if self.public_only and not _is_public(str(address)):
                self.forbidden = True
                raise OSError(f"{host} is not a public address")
            try:
                sock = socket.create_connection(
                    (str(address), port),
                    timeout=max(self.ends - time.monotonic(), 0.001),
                )
            except OSError as caught:
                error = caught
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = sock
            return sock
        raise error

    def _resolve(self, host: str, port: int) -> list[Address]:
        """As `socket.getaddrinfo`, but no longer than the deadline.

        A resolver that hangs cannot be interrupted; nothing was sent meanwhile.
        """
        answers: queue.SimpleQueue[list[Address] | OSError | UnicodeError]
        answers = queue.SimpleQueue()

        def ask() -> None:
            try:
                addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                answers.put([*addresses])
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=max(self.ends - time.monotonic(), 0.001))
        except queue.Empty:
            raise OSError(f"{host} was not resolved before the deadline") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _expire(self) -> None:
        self.expired = True
        if self._socket is not None:
            try:
                # The plain socket's method: TLS's own would wait for the peer.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                pass  # already closed, which is all we want


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _find_ipv4(ip)
        if inner is not None:
            return _is_public(str(inner))
        if ip.is_site_local or ip in LOCAL_NAT64:
            return False
    return ip.is_global and not ip.is_multicast


def _find_ipv4(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Where a gateway or the kernel would go on to by IPv4."""
    if any(ip in network for network in TRANSLATED):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


class _OwnSocket:
    """Mixed into urllib3's connections: the exchange opens the socket."""

    exchange: Exchange

    def _new_conn(self) -> socket.socket:
        connection = cast(HTTPConnection, self)
        try:
            return self.exchange.connect(connection.host, connection.port)
        except OSError as error:
            raise NewConnectionError(connection, str(error)) from error

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.exchange.connected = True
        self.exchange._socket = cast(HTTPConnection, self).sock


class _Adapter(HTTPAdapter):
    def __init__(self, exchange: Exchange):
        self.exchange = exchange
        super().__init__(max_retries=Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        own = {"exchange": self.exchange}
        http = type("_Http", (_OwnSocket, HTTPConnection), own)
        https = type("_Https", (_OwnSocket, HTTPSConnection), own)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("_HttpPool", (HTTPConnectionPool,), {"ConnectionCls": http}),
            "https": type(
                "_HttpsPool", (HTTPSConnectionPool,), {"ConnectionCls": https}
            ),
        }
