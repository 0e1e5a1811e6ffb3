"""A feed's body becomes raw items, one after the other: of XML or of a table.

All of it is bounded: what is unpacked, what one item may hold, what a parser keeps.
"""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from typing import IO, cast

from django.utils.translation import gettext as _

from . import fetching, table, xml
from .errors import FeedError
from .fields import Raw

MOST_LAYERS = 2  # a .gz that the server packs once more
SNIFFED = 4096  # bytes
CHUNK = 256 * 1024  # bytes
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# From its beginning: in a feed, a description may hold a page.
HTML = re.compile(
    r"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype\s+html|<html[\s>])", re.I | re.S
)


class _Bounded(io.RawIOBase):
    """What is read of `source`, packed or not, up to the most that a feed may be."""

    def __init__(self, source: IO[bytes]):
        self.source = source
        self.left = fetching.MOST_FEED

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        try:
            data = self.source.read(len(buffer))
        except (OSError, EOFError, zlib.error):
            raise FeedError(_("It is packed, and damaged.")) from None
        self.left -= len(data)
        if self.left < 0:
            raise FeedError(fetching.say_too_large())
        buffer[: len(data)] = data
        return len(data)


def read(source: IO[bytes], charset: str = "") -> Iterator[Raw]:
    """`source` can be sought; `charset`: as the server says. Raises `FeedError`.

    A feed without an item is none: it would take everything out of the catalogue.
    """
    if charset and _is_utf_8(source):
        charset = ""  # many servers say another for all their files
    body = _unpack(source)
    start = body.peek(SNIFFED)[:SNIFFED]
    mark = next((name for bom, name in MARKS if start.startswith(bom)), "")
    text = start.decode(mark or "latin-1", "ignore").lstrip("\ufeff \t\r\n")
    if not text.strip("\0"):
        raise FeedError(_("It is empty."))
    if HTML.match(text):
        raise FeedError(_("It is a web page, no feed: does its address need a login?"))
    if text.startswith("<"):
        _skip_blanks(body, start)
        declared = bool(mark) or text.startswith("<?xml")
        items = xml.read(cast(IO[bytes], body), "" if declared else charset)
    elif "\t" in text:
        items = table.read(cast(IO[bytes], body), mark or charset or "utf-8")
    else:
        raise FeedError(
            _("It is neither RSS or Atom nor a table of Google's with tabs.")
        )
    there = False
    for item in items:
        there = True
        yield item
    if not there:
        raise FeedError(_("There is no item in it."))


def _skip_blanks(body: IO[bytes], start: bytes) -> None:
    """Before a declaration no parser takes any, but many a WordPress writes them."""
    rest = start.lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    if rest.startswith(b"<?xml"):
        body.read(len(start) - len(rest))


def _is_utf_8(source: IO[bytes]) -> bool:
    """Texts in another charset are hardly ever that, too."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        body = _unpack(source)
        while data := body.read(CHUNK):
            decoder.decode(data)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        source.seek(0)
    return True


def _unpack(source: IO[bytes]) -> "io.BufferedReader[_Bounded]":
    """Whether it is packed is told by its first bytes, not by a header or a name."""
    body = io.BufferedReader(_Bounded(source), SNIFFED)
    for _layer in range(MOST_LAYERS):
        if not body.peek(2).startswith(b"\x1f\x8b"):
            break
        packed = cast(IO[bytes], gzip.GzipFile(fileobj=body))
        body = io.BufferedReader(_Bounded(packed), SNIFFED)
    return body
