"""Each line of a catalogue is checked, and unless it is a dry run taken in."""

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ... import services
from ...models import Garment, GarmentKind
from ...pictures import normalise
from .errors import LineError
from .shop import Shop
from .table import Row
from .vocabulary import find_kind, fold

# 1.23457E+12, and of 12E-5 1.20E-04.
EATEN = re.compile(r"\d+(?:[.,]\d+)?E\+\d+|\d[.,]\d+E-\d+", re.IGNORECASE)
MOST_SHOWN = 1000  # letters of a sentence that names what a file holds
MOST_SKU = 40
MOST_TOLD = 20  # SKUs in a note


@dataclass(frozen=True)
class Problem:
    line: int
    sku: str
    sentence: str


@dataclass
class Outcome:
    """What was done, or would be. `pictures`: line and SKU of those that are others.

    One that is handed to `run` again goes on where it stopped.
    """

    done: int = 0  # lines
    new: int = 0
    changed: int = 0
    pictures_replaced: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)
    pictures: list[tuple[int, str]] = field(default_factory=list)
    back: list[str] = field(default_factory=list)  # SKUs that were retired
    to_render: list[Garment] = field(default_factory=list)

    @property
    def taken(self) -> tuple[int, int, int]:
        return self.new, self.changed, self.pictures_replaced

    def notes(self, shop: Shop) -> list[str]:
        sentences = shop.table.notes
        n = len(self.pictures)
        if n:
            sentences.append(
                ngettext(
                    "%(n)d picture is another than the one here: %(skus)s",
                    "%(n)d pictures are others than those here: %(skus)s",
                    n,
                )
                % {"n": n, "skus": _list_some([sku for _line, sku in self.pictures])}
            )
        if self.back:
            back = _("Retired, and back in the catalogue: %(skus)s")
            sentences.append(back % {"skus": _list_some(self.back)})
        return sentences


def _list_some(skus: list[str]) -> str:
    return ", ".join(skus[:MOST_TOLD]) + (" …" if len(skus) > MOST_TOLD else "")


def _shorten(text: str, most: int = MOST_SHOWN) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def import_shop(
    shop: Shop,
    *,
    now: datetime,
    dry: bool,
    replace: bool = False,
    outcome: Outcome | None = None,
    progress: Callable[[Outcome], None] = lambda outcome: None,
) -> Outcome:
    """`replace`: pictures that changed too. Raises `normalise.Busy`, `storage.Away`."""
    outcome = outcome or Outcome()
    known = _Known()
    for number, row in enumerate(shop.table.rows):
        if number >= outcome.done:
            try:
                _read(row, shop, known, outcome, now, dry, replace)
            except LineError as error:
                sku = row.cells.get("sku", "")
                problem = Problem(
                    row.line, _shorten(sku, 2 * MOST_SKU), _shorten(str(error))
                )
                outcome.problems.append(problem)
            outcome.done = number + 1
            progress(outcome)
        known.see(row)
    return outcome


class _Known:
    """The pieces that are there, and the SKUs that the file has had so far."""

    def __init__(self) -> None:
        shops = Garment.objects.filter(owner=None).exclude(sku="")
        self.pieces = {piece.sku: piece for piece in shops}
        self.by_fold = {fold(sku): sku for sku in self.pieces}
        self.seen: dict[str, tuple[str, int]] = {}

    def see(self, row: Row) -> None:
        sku = row.cells.get("sku", "")
        self.seen.setdefault(fold(sku), (sku, row.line))

    def problem(self, sku: str) -> str:
        """Why this SKU cannot be told from another; empty if it can."""
        other, line = self.seen.get(fold(sku), ("", 0))
        if other == sku:
            return _("this SKU is in the file twice")
        if other:
            sentence = _(
                "line %(line)d has this SKU as %(other)s: is it the same piece?"
            )
            return sentence % {"line": line, "other": other}
        other = self.by_fold.get(fold(sku), sku)
        if sku not in self.pieces and other != sku:
            sentence = _(
                "the catalogue has this SKU as %(other)s: is it the same piece?"
            )
            return sentence % {"other": other}
        return ""


def _read(
    row: Row,
    shop: Shop,
    known: _Known,
    outcome: Outcome,
    now: datetime,
    dry: bool,
    replace: bool,
) -> None:
    problem = row.broken or "; ".join(_problems(row.cells, known))
    if problem:
        raise LineError(problem)
    data = shop.picture(row.cells["file"])
    piece = known.pieces.get(row.cells["sku"])
    digest = hashlib.sha256(data).hexdigest()
    if piece is None:
        outcome.to_render += _add(row, _picture(data), now, dry)
        outcome.new += 1
    else:
        picture = _picture(data) if piece.source_sha256 != digest else None
        _renew(row, piece, picture, outcome, now, dry, replace)


def _problems(cells: dict[str, str], known: _Known) -> Iterator[str]:
    sku, name = cells["sku"], cells["name"]
    twin = known.problem(sku)
    if not sku:
        yield _("no SKU")
    elif len(sku) > MOST_SKU:
        yield _("the SKU is longer than 40 characters")
    elif EATEN.fullmatch(sku):
        yield _(
            "the SKU %(sku)s is a number that the spreadsheet has shortened: format "
            "the column as text"
        ) % {"sku": sku}
    elif twin:
        yield twin
    if not name:
        yield _("no name")
    elif len(name) > 80:
        yield _("the name is longer than 80 characters")
    if find_kind(cells["kind"]) is None:
        yield _("the kind must be one of %(kinds)s") % {
            "kinds": ", ".join(GarmentKind.values)
        }
    if not cells["file"]:
        yield _("no picture named")
    if any("\ufffd" in cell for cell in cells.values()):
        yield _("it has characters that could not be read")
    yield from _address_problems(cells.get("product_url", ""))


def _address_problems(address: str) -> Iterator[str]:
    if len(address) > 200:
        yield _("the address of the product page is longer than 200 characters")
    elif address:
        try:
            URLValidator(schemes=["http", "https"])(address)
        except ValidationError:
            yield _("the product page is no address")


def _picture(data: bytes) -> normalise.Picture:
    try:
        return normalise.read_garment(io.BytesIO(data))
    except normalise.PictureError as error:
        raise LineError(str(error)) from error


def _fields(cells: dict[str, str]) -> dict[str, str]:
    """A file without the column of product pages says nothing of them."""
    # Of no kind it would be a problem, and not come here.
    fields = {"name": cells["name"], "kind": find_kind(cells["kind"]) or ""}
    if "product_url" in cells:
        fields["product_url"] = cells["product_url"]
    return fields


def _add(
    row: Row, picture: normalise.Picture, now: datetime, dry: bool
) -> list[Garment]:
    if dry:
        return []
    fields = _fields(row.cells)
    try:
        garment = services.add_garment(
            owner=None, picture=picture, sku=row.cells["sku"], now=now, **fields
        )
    except IntegrityError as error:
        sentence = _("somebody else has just added a piece with this SKU")
        raise LineError(sentence) from error
    return [garment]


def _renew(
    row: Row,
    piece: Garment,
    picture: normalise.Picture | None,
    outcome: Outcome,
    now: datetime,
    dry: bool,
    replace: bool,
) -> None:
    another = [(row.line, piece.sku)] if picture is not None else []
    if another and not replace:
        outcome.pictures += another
        raise LineError(
            _("this SKU has another picture, and pictures were to stay as they are")
        )
    changes: dict[str, str | None] = {
        name: value
        for name, value in _fields(row.cells).items()
        if getattr(piece, name) != value
    }
    back = [piece.sku] if piece.retired_at is not None else []
    if back:
        changes["retired_at"] = None
    if not dry:
        _write(piece, changes, picture, now)
        outcome.to_render += [piece] if another else []
    outcome.back += back
    outcome.pictures += another
    outcome.changed += bool(changes)
    outcome.pictures_replaced += bool(another)
    outcome.unchanged += not changes and not another


def _write(
    piece: Garment,
    changes: dict[str, str | None],
    picture: normalise.Picture | None,
    now: datetime,
) -> None:
    for name, value in changes.items():
        setattr(piece, name, value)
    if picture is not None:
        services.replace_garment_picture(garment=piece, picture=picture, now=now)
    elif changes:
        piece.save(update_fields=changes.keys())
