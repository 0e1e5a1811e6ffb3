"""Feeds and pictures from the shop's addresses, under the guard of result downloads.

Only public addresses, each redirect checked, the checked address the connected one; on
a developer's machine (DEBUG) its own addresses too.
"""

import io
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO
from urllib.parse import urljoin, urlsplit

import requests
from django.utils.translation import gettext as _

from ..miragic.body import parse_retry_after
from ..miragic.transport import BROKEN, CHUNK, Exchange
from ..services.own_machine import is_own_machine
from .errors import FeedError, PictureUnusable, TryLater

MOST_FEED = 500_000_000  # bytes, as they come and unpacked
MOST_PICTURE = 15_000_000  # bytes
MOST_REDIRECTS = 5
FEED_DEADLINE, PICTURE_DEADLINE = 120, 20  # seconds over all of it
MOST_HOST = 100  # letters that are shown
BUSY = (429, 503)
USUAL_PAUSE, LONGEST_PAUSE = 30.0, 600.0  # seconds
# Some shops' servers refuse requests without one, or with a library's.
AGENT = "FittingRoom/1.0 (product feed)"


@dataclass(frozen=True)
class Validators:
    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}


def _read_validators(response: requests.Response) -> Validators:
    """What is too long to be kept says nothing."""
    etag = response.headers.get("ETag", "")
    modified = response.headers.get("Last-Modified", "")
    return Validators(
        etag if len(etag) <= 200 and _is_plain(etag) else "",
        modified if len(modified) <= 60 and _is_plain(modified) else "",
    )


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable()


@dataclass
class Pace:
    """Until when each host wants to be left alone, and how often it has said so."""

    until: dict[str, float] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def pause(self, url: str, seconds: float) -> None:
        """Twice as long each time: one who always refuses is soon left alone."""
        host, now = _host(url), time.monotonic()
        with self.lock:
            already = self.until.get(host, 0.0) > now
            self.refusals[host] = self.refusals.get(host, 0) + (not already)
            times: float = 2 ** min(self.refusals[host] - 1, 10)
            end = now + min(seconds * times, LONGEST_PAUSE)
            self.until[host] = max(end, self.until.get(host, 0.0))

    def forget(self, url: str) -> None:
        """It answers again."""
        with self.lock:
            self.until.pop(_host(url), None)
            self.refusals.pop(_host(url), None)

    def find_wait(self, url: str) -> float:
        with self.lock:
            return max(0.0, self.until.get(_host(url), 0.0) - time.monotonic())


pace = Pace()


class _NoAnswer(Exception):
    """Why no answer came, in a sentence; `forbidden`: where it would lead."""

    def __init__(self, sentence: str, *, forbidden: bool):
        super().__init__(sentence)
        self.forbidden = forbidden


def _host(url: str) -> str:
    """As it can be shown: a redirect may lead anywhere."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return "".join(sign for sign in host[:MOST_HOST] if sign.isprintable())


def is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


@contextmanager
def _answer(
    url: str, headers: Mapping[str, str], deadline: float
) -> Iterator[tuple[Exchange, requests.Response]]:
    """The answer at the end of its redirects. Raises `_NoAnswer`, `FeedError`."""
    with Exchange(deadline) as exchange:
        for _hop in range(MOST_REDIRECTS + 1):
            if not is_web_address(url):
                raise FeedError(_("It leads to what is no web address."))
            exchange.public_only = not is_own_machine(url)
            try:
                sent = {"User-Agent": AGENT, "Accept-Encoding": "gzip", **headers}
                response = exchange.request("GET", url, headers=sent)
            except BROKEN:
                told = _explain(exchange, url)
                raise _NoAnswer(told, forbidden=exchange.forbidden) from None
            if not response.is_redirect:
                yield exchange, response
                return
            response.close()
            try:
                url = urljoin(url, response.headers["Location"])
            except ValueError:
                url = ""
        raise FeedError(_("It leads from one address to the next without an end."))


def _explain(exchange: Exchange, url: str) -> str:
    named = {"name": _host(url)}
    if exchange.forbidden:
        return _("%(name)s is no public address: nothing is fetched there.") % named
    if exchange.expired:
        return _("%(name)s did not answer in time.") % named
    return _("%(name)s does not answer.") % named


def _save(
    exchange: Exchange, response: requests.Response, most: int, target: IO[bytes]
) -> bool:
    """As it comes, still packed; false if it is larger. Raises what is `BROKEN`."""
    size = 0
    for chunk in response.raw.stream(CHUNK, decode_content=False):
        size += len(chunk)
        if size > most:
            return False
        target.write(chunk)
    if exchange.expired:  # a socket that was shut down can look like the end of a body
        raise requests.Timeout("deadline")
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) != size:
        raise requests.ConnectionError("cut")
    return True


@dataclass(frozen=True)
class Body:
    """`charset`: as the server says it, if it does."""

    validators: Validators
    charset: str = ""


def fetch_feed(url: str, known: Validators, target: IO[bytes]) -> Body | None:
    """Into `target`, as it comes; None if it is what was read. Raises `FeedError`."""
    try:
        with _answer(url, known.headers, FEED_DEADLINE) as (exchange, response):
            status = response.status_code
            if status == 304:
                return None
            if status != 200:
                sentence = _("%(name)s answers %(number)d instead of a feed.")
                raise FeedError(sentence % {"name": _host(url), "number": status})
            try:
                whole = _save(exchange, response, MOST_FEED, target)
            except BROKEN:
                if exchange.expired:
                    sentence = _("It did not end within %(number)d s.")
                    raise FeedError(sentence % {"number": FEED_DEADLINE}) from None
                raise FeedError(_("The connection broke before its end.")) from None
            if not whole:
                raise FeedError(say_too_large())
            kind = response.headers.get("Content-Type", "")
            return Body(_read_validators(response), _read_charset(kind))
    except _NoAnswer as error:
        raise FeedError(str(error)) from None


def say_too_large() -> str:
    return _("It is larger than %(number)d MB.") % {"number": MOST_FEED // 1_000_000}


def _read_charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _equals, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'")
    return ""


def fetch_picture(url: str, known: Validators) -> tuple[bytes, Validators] | None:
    """None if it is the known one. Raises `PictureUnusable`, `TryLater`."""
    try:
        headers = {**known.headers, "Accept-Encoding": "identity"}
        with _answer(url, headers, PICTURE_DEADLINE) as (exchange, response):
            status = response.status_code
            if status == 304 and known.headers:
                return None
            if status in BUSY:
                said = response.headers.get("Retry-After")
                wait = parse_retry_after(said, datetime.now(UTC))
                pace.pause(url, USUAL_PAUSE if wait is None else wait)
            if status >= 500 or status in (*BUSY, 408, 425):
                raise TryLater
            if status != 200:
                sentence = _("the picture is not there: its address answers %(number)d")
                raise PictureUnusable(sentence % {"number": status})
            target = io.BytesIO()
            try:
                whole = _save(exchange, response, MOST_PICTURE, target)
            except BROKEN:
                raise TryLater from None
            if not whole:
                sentence = _("the picture is larger than %(number)d MB")
                most = MOST_PICTURE // 1_000_000
                raise PictureUnusable(sentence % {"number": most})
            pace.forget(url)
            return target.getvalue(), _read_validators(response)
    except FeedError as error:  # of the address, whoever asks for what
        raise PictureUnusable(_("the picture: %(why)s") % {"why": error}) from None
    except _NoAnswer as error:
        if error.forbidden:
            raise PictureUnusable(_("the picture: %(why)s") % {"why": error}) from None
        raise TryLater from None
