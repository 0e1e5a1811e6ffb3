"""The catalogue in bulk: a CSV and its pictures, from a folder or a zip.

Columns: sku, name, kind (upper_body, lower_body, full_body), file, and if wanted
product_url. A dry run says what is wrong, by line; a second run changes nothing.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from . import images, services
from .models import Garment, GarmentKind

CSV_NAME = "catalogue.csv"
COLUMNS = ("sku", "name", "kind", "file")
MOST_ROWS = 20_000
MOST_BYTES = 2_000_000_000  # of a zip, unpacked

Source = Callable[[str], bytes | None]  # a picture by its name, None if not there
Progress = Callable[[int], None]


class CatalogueError(Exception):
    """Nothing can be read; the message is a sentence."""


@dataclass
class Outcome:
    """`problems`: (line of the CSV, why)."""

    new: list[Garment] = field(default_factory=list)
    changed: int = 0
    unchanged: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


def from_folder(folder: Path) -> tuple[str, Source]:
    path = folder / CSV_NAME
    if not path.is_file():
        raise CatalogueError(_("There is no %(name)s in it.") % {"name": CSV_NAME})
    root = folder.resolve()

    def picture(name: str) -> bytes | None:
        file = (folder / name).resolve()
        inside = file.is_relative_to(root)
        return file.read_bytes() if inside and file.is_file() else None

    return _decoded(path.read_bytes()), picture


def from_zip(archive: zipfile.ZipFile) -> tuple[str, Source]:
    """Names are looked up in the archive only; nothing is unpacked to the disk."""
    if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
        raise CatalogueError(_("Unpacked it would be larger than 2 GB."))
    names = {name.rpartition("/")[2]: name for name in archive.namelist()}
    if CSV_NAME not in names:
        raise CatalogueError(_("There is no %(name)s in it.") % {"name": CSV_NAME})

    def picture(name: str) -> bytes | None:
        found = names.get(name.rpartition("/")[2])
        return archive.read(found) if found else None

    return _decoded(archive.read(names[CSV_NAME])), picture


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        told = _("The CSV is not UTF-8. Save it as UTF-8.")
        raise CatalogueError(told) from error


def rows_of(text: str) -> list[tuple[int, dict[str, str]]]:
    """The lines with their numbers; raises `CatalogueError` for wrong columns."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        told = _("The CSV has no column %(names)s.") % {"names": ", ".join(missing)}
        raise CatalogueError(told)
    rows = []
    try:
        for row in reader:
            clean = {name: (row.get(name) or "").strip() for name in row if name}
            rows.append((reader.line_num, clean))
    except csv.Error as error:
        raise CatalogueError(str(error)) from error
    if len(rows) > MOST_ROWS:
        raise CatalogueError(_("More than %(n)d lines.") % {"n": MOST_ROWS})
    return rows


def run(
    *,
    text: str,
    source: Source,
    now: datetime,
    dry: bool,
    progress: Progress = lambda done: None,
) -> Outcome:
    """Check each line, and unless `dry` take in those that are in order."""
    outcome, seen = Outcome(), set[str]()
    present = {g.sku: g for g in Garment.objects.filter(owner=None).exclude(sku="")}
    for number, (line, row) in enumerate(rows_of(text), start=1):
        problem = "; ".join(_problems(row, seen))
        picture = None
        if not problem:
            picture, problem = _picture(row["file"], source)
        garment = present.get(row.get("sku", ""))
        if picture and garment and garment.source_sha256 != picture.source_sha256:
            problem = _("This SKU has another picture. Change it on its own page.")
        seen.add(row.get("sku", ""))
        if problem or picture is None:
            outcome.problems.append((line, problem))
        else:
            _take_in(row, picture, garment, outcome, now, dry)
        progress(number)
    return outcome


def _problems(row: dict[str, str], seen: set[str]) -> Iterator[str]:
    sku, name = row.get("sku", ""), row.get("name", "")
    if not sku:
        yield _("no SKU")
    elif len(sku) > 40:
        yield _("the SKU is longer than 40 characters")
    elif sku in seen:
        yield _("this SKU is in the file twice")
    if not name:
        yield _("no name")
    elif len(name) > 80:
        yield _("the name is longer than 80 characters")
    if row.get("kind") not in GarmentKind.values:
        yield _("the kind must be one of %(kinds)s") % {
            "kinds": ", ".join(GarmentKind.values)
        }
    if not row.get("file"):
        yield _("no picture named")
    address = row.get("product_url", "")
    if address:
        try:
            URLValidator(schemes=["http", "https"])(address)
        except ValidationError:
            yield _("the product page is no address")


def _picture(name: str, source: Source) -> tuple[images.Picture | None, str]:
    data = source(name)
    if data is None:
        return None, _("the picture %(name)s is not there") % {"name": name}
    try:
        return images.read_garment(io.BytesIO(data)), ""
    except images.PictureError as error:
        return None, str(error)


def _take_in(
    row: dict[str, str],
    picture: images.Picture,
    garment: Garment | None,
    outcome: Outcome,
    now: datetime,
    dry: bool,
) -> None:
    fields: dict[str, Any] = {
        "name": row["name"],
        "kind": row["kind"],
        "product_url": row.get("product_url", ""),
    }
    if garment is None:
        made = None
        if not dry:
            made = services.add_garment(
                owner=None, picture=picture, sku=row["sku"], now=now, **fields
            )
        outcome.new.append(made or Garment(sku=row["sku"]))
    elif any(getattr(garment, name) != value for name, value in fields.items()):
        outcome.changed += 1
        if not dry:
            Garment.objects.filter(pk=garment.pk).update(**fields)
    else:
        outcome.unchanged += 1
