"""Catalogues of clothes as files, made the short way."""

import csv
import io
import zipfile

from tests.factories import NOW
from tryon.services import catalogue

HEADER = ["sku", "name", "kind", "file", "product_url"]
GOOD = ["S-1", "Wool blazer", "upper_body", "a.jpg", "https://shop.example.org/1"]


def csv_of(*rows: list[str], header: list[str] = HEADER, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return out.getvalue()


def piece(n: int, file: str, **fields: str) -> list[str]:
    """A line of the table."""
    row = {"sku": f"S-{n}", "name": f"Piece {n}", "kind": "top", "file": file}
    return [{**row, **fields}.get(name, "") for name in HEADER]


def zipped(
    text: str | bytes,
    pictures: dict[str, bytes],
    folder: str = "",
    csv_name: str = "catalogue.csv",
) -> io.BytesIO:
    """A zip that can be uploaded; all of it in `folder`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {csv_name: text, **pictures}.items():
            archive.writestr(f"{folder}{name}", data)
    out.seek(0)
    out.name = "shop.zip"
    return out


def run(
    text: str | bytes, pictures: dict[str, bytes], dry: bool = False
) -> catalogue.Outcome:
    with catalogue.open_shop(zipped(text, pictures)) as shop:
        return catalogue.import_shop(shop, now=NOW, dry=dry)
