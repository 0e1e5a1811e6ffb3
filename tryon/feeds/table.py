"""Tab-separated text with Google's headings, with or without its prefix."""

import csv
import io
import re
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from .errors import FeedError
from .fields import ALL, MOST_OF_ONE, MOST_SIGNS, SEVERAL, Raw

MOST_OF_ROW = 1_000_000  # letters, whatever its quotes say


def read(source: IO[bytes], charset: str) -> Iterator[Raw]:
    """Raises `FeedError`."""
    try:
        text = io.TextIOWrapper(source, charset, newline="")
    except LookupError:
        sentence = _("It is in a charset that is not known here. Use UTF-8.")
        raise FeedError(sentence) from None
    rows = _Rows(text)
    try:
        reader = csv.reader(rows, delimiter="\t")
        headings = [_name(heading) for heading in next(reader, [])]
        if "id" not in headings:
            sentence = _("Its first line has no heading “id”.")
            raise FeedError(sentence)
        line = rows.line + 1
        for cells in reader:
            if any(map(_holds_rows, cells)):
                raise FeedError(_say_endless(line))
            if any(cell.strip() for cell in cells):
                yield _read_row(line, headings, cells)
            rows.taken = 0
            line = rows.line + 1
    except UnicodeError:
        sentence = _("It is not in the charset %(encoding)s, as it should be.")
        raise FeedError(sentence % {"encoding": charset}) from None
    except csv.Error:
        raise FeedError(_say_endless(rows.line)) from None


def _holds_rows(cell: str) -> bool:
    """Whose quote is closed rows later, or never: they would seem to be gone. Texts
    over several lines have tabs only before a line."""
    return "\n" in cell and any("\t" in line.strip() for line in cell.split("\n")[1:])


def _say_endless(line: int) -> str:
    sentence = _("Line %(number)d does not end: is a quote not closed?")
    return sentence % {"number": line}


class _Rows:
    """Lines for the CSV reader, which would keep an open quote's to the end."""

    def __init__(self, text: io.TextIOWrapper):
        self.text = text
        self.line = 0
        self.taken = 0  # letters since the last row was whole

    def __iter__(self) -> "_Rows":
        return self

    def __next__(self) -> str:
        line = self.text.readline(MOST_OF_ROW)
        if not line:
            raise StopIteration
        self.line += 1
        self.taken += len(line)
        if self.taken > MOST_OF_ROW or len(line) >= MOST_OF_ROW:
            raise FeedError(_say_endless(self.line))
        return line


def _name(heading: str) -> str:
    """`g:image_link`, `Image link` and `image_link` are the same."""
    plain = re.sub(r"[\s_]+", "_", heading.strip().lower().lstrip("\ufeff"))
    return plain.removeprefix("g:")


def _read_row(line: int, headings: list[str], cells: list[str]) -> Raw:
    raw = Raw(line, {})
    if any(cell.strip() for cell in cells[len(headings) :]):
        raw.broken = _("more cells than headings: is there a tab in a text?")
    for name, cell in zip(headings, cells, strict=False):
        text = cell.strip()[:MOST_SIGNS]
        if name not in ALL or not text:
            continue
        if name in SEVERAL:
            there = raw.several.setdefault(name, [])
            there += [part.strip() for part in _split(name, text) if part.strip()]
            del there[MOST_OF_ONE:]
        else:
            raw.fields.setdefault(name, text)
    return raw


def _split(name: str, text: str) -> list[str]:
    """Google separates addresses by commas; a product type may have one in it."""
    if name == "additional_image_link":
        return re.split(r",(?=\s*https?:)", text)
    return [text]
