"""Part of a file, for whoever has the rest of it already (RFC 9110, section 14)."""

import re
from typing import IO

from django.core.files.base import File
from django.http import HttpRequest

# One part: of several at once all is sent, which the RFC allows.
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class Unsatisfiable(Exception):
    """Nothing of the file lies there."""


def parse_range(request: HttpRequest, etag: str, size: int) -> range | None:
    """Which bytes are asked for; None is all. Raises `Unsatisfiable`.

    Whoever has the beginning of another file gets all of this one.
    """
    match = RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or request.method != "GET" or not any(match.groups()):
        return None
    if request.headers.get("If-Range", etag) != etag:
        return None
    first, last = (int(text) if text else None for text in match.groups())
    if first is None:
        first, last = max(size - (last or 0), 0), None
    elif last is not None and last < first:
        return None
    part = range(first, size if last is None else min(last + 1, size))
    if not part:
        raise Unsatisfiable
    return part


class Part:
    """A file that begins and ends with a part of another."""

    def __init__(self, file: "IO[bytes] | File[bytes]", part: range):
        file.seek(part.start)
        self.file, self.left = file, len(part)

    def read(self, size: int = -1) -> bytes:
        data: bytes = self.file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        return data

    def close(self) -> None:
        self.file.close()
