"""A CSV as any spreadsheet writes it: its rows, by the numbers that one shows."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from django.utils.translation import gettext as _

from ...models import typed_text
from . import vocabulary
from .errors import CatalogueError

MOST_ROWS = 20_000
MOST_LINES = 1_048_576  # what a spreadsheet has, with those that are empty
MOST_COLUMNS = 1_000
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like the next
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DELIMITERS = ",;\t"
END = "\x00end"  # behind the last row, unless an open quote swallows it
# A cell that is too long is a problem of its line, and of none behind it. What a file
# holds is bounded (`shop.MOST_CSV`).
csv.field_size_limit(2**31 - 1)
# Excel's own first line, which it does not show.
SEP = re.compile(r'"?sep=([^\w"\r\n])"?[;,\t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
FORMULA = re.compile(r'="([^"]*)"')  # how numbers are kept from becoming short


@dataclass(frozen=True)
class Row:
    """`broken`: why it cannot be read, else empty."""

    line: int
    cells: dict[str, str]
    broken: str = ""


@dataclass(frozen=True)
class Table:
    rows: list[Row]
    guessed: str = ""  # the encoding, where nothing says it

    @property
    def notes(self) -> list[str]:
        """What somebody should look at: accents tell whether the guess was right."""
        if not self.guessed:
            return []
        names = [row.cells["name"] for row in self.rows if row.cells.get("name")]
        names.sort(key=str.isascii)  # those with accents first, else as they come
        sentence = _(
            "The CSV does not say its encoding and is not UTF-8: it was read as "
            "%(encoding)s. Are these names right? %(names)s"
        )
        return [sentence % {"encoding": self.guessed, "names": ", ".join(names[:3])}]


def read(data: bytes) -> Table:
    """Raises `CatalogueError` for what is no table, or one with other columns."""
    text, guessed = _decoded(data)
    match = SEP.match(text)
    if match:
        text = text[match.end() :]
    delimiter = match[1] if match else _delimiter(text)
    lines = _lines(text, delimiter)
    headings = next((cells for _line, cells in lines if _text_in(cells)), [])
    if _swallowed(headings):
        raise CatalogueError(_("A quote in the headings of the CSV is not closed."))
    if len(headings) > MOST_COLUMNS:
        raise CatalogueError(_("More than %(n)d columns.") % {"n": MOST_COLUMNS})
    columns = vocabulary.find_columns(headings)
    missing = [name for name in vocabulary.REQUIRED if name not in columns]
    if missing:
        sentence = _("The CSV has no column %(names)s.") % {"names": ", ".join(missing)}
        raise CatalogueError(sentence)
    rows = list(islice(_rows(lines, columns, len(headings)), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise CatalogueError(_("More than %(n)d lines.") % {"n": MOST_ROWS})
    return Table(rows, guessed)


def _decoded(data: bytes) -> tuple[str, str]:
    """The text, and the encoding if it is only a guess."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            data = data.removeprefix(mark)
            if encoding != "utf-8":
                return data.decode(encoding, "replace"), ""
            break
    wide = _wide(data)
    if wide:
        return data.decode(wide, "replace"), "UTF-16"
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), "Windows-1252"


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: every other byte of plain letters is nothing."""
    head = data[:400]
    if len(head) < 8:
        return ""
    low, high = head[1::2].count(0), head[::2].count(0)
    if low > len(head) * 0.4 and high < len(head) * 0.1:
        return "utf-16-le"
    if high > len(head) * 0.4 and low < len(head) * 0.1:
        return "utf-16-be"
    return ""


def _delimiter(text: str) -> str:
    """The one by which most headings are known."""

    def known(delimiter: str) -> tuple[int, int]:
        try:
            headings = next(c for _n, c in _lines(text, delimiter) if _text_in(c))
        except (StopIteration, CatalogueError):
            return 0, 0
        if len(headings) > MOST_COLUMNS:
            return 0, len(headings)
        return len(vocabulary.find_columns(headings)), len(headings)

    return max(DELIMITERS, key=known)


def _lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers. One that never ends is the last, with `END` in it."""
    source = io.StringIO(text + "\n", newline="")
    reader = csv.reader(chain(source, [END]), delimiter=delimiter)
    line = 0
    try:
        for line, cells in enumerate(reader, start=1):
            if line > MOST_LINES:
                raise CatalogueError(_("More than %(n)d lines.") % {"n": MOST_LINES})
            if cells != [END]:
                yield line, cells
    except csv.Error:
        yield line + 1, [END]


def _text_in(cells: list[str]) -> bool:
    return any(cell and _clean(cell, "") for cell in cells)


def _swallowed(cells: list[str]) -> bool:
    return bool(cells) and cells[-1].endswith(END)


def _rows(
    lines: Iterator[tuple[int, list[str]]], columns: dict[str, int], width: int
) -> Iterator[Row]:
    for line, cells in lines:
        if _swallowed(cells):
            sentence = _(
                "this line does not end: a quote is not closed. Nothing was read "
                "from here on"
            )
            yield Row(line, {}, sentence)
            return
        read = {
            name: _clean(cells[place], name) if place < len(cells) else ""
            for name, place in columns.items()
        }
        if any(cell.strip() for cell in cells[width:]):
            sentence = _("more cells than headings: is a comma in a name not quoted?")
            yield Row(line, read, sentence)
        elif _text_in(cells):
            yield Row(line, read)


def _clean(cell: str, column: str) -> str:
    """Without what no database takes and nobody sees; a file's name else as it is."""
    kept = typed_text.keep_visible(cell)
    formula = FORMULA.fullmatch(kept)
    if formula:
        kept = formula[1].strip()
    return kept if column == "file" else typed_text.clean_line(kept)
