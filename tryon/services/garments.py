"""Pieces of the catalogue as the shop's programs put them there."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError

from ..models import Garment, typed_text
from ..pictures import normalise
from .pictures import add_garment, replace_garment_picture

MOST_SKU = 40  # characters
is_address = URLValidator(schemes=["http", "https"])


class GarmentError(Exception):
    """It cannot be taken; the message is a sentence for `field`."""

    def __init__(self, sentence: str, field: str):
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class Wanted:
    """A piece as it is to be. Raises `GarmentError`."""

    sku: str
    name: str
    kind: str
    picture: normalise.Picture
    product_url: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.sku) <= MOST_SKU:
            raise GarmentError(f"A SKU has 1 to {MOST_SKU} characters.", "sku")
        if typed_text.clean_line(self.sku) != self.sku:
            sentence = "A SKU has no characters that nobody sees, nor blanks around it."
            raise GarmentError(sentence, "sku")
        if typed_text.clean_line(self.name) != self.name:
            sentence = "A name has no characters that nobody sees, nor blanks around."
            raise GarmentError(sentence, "name")
        if self.product_url:
            try:
                is_address(self.product_url)
            except ValidationError:
                sentence = "That is no address of a page: https://…"
                raise GarmentError(sentence, "product_url") from None


def put_garment(*, wanted: Wanted, now: datetime) -> tuple[Garment, bool]:
    """The piece, and whether it is new. One that was retired is back.

    Raises `storage.Away`.
    """
    rows = Garment.objects.of_the_shop().filter(sku=wanted.sku)
    garment = rows.first()
    if garment is None:
        try:
            garment = _add(wanted, now)
            if garment.created_at == now:
                return garment, True
        except IntegrityError:  # by another request, a moment earlier
            garment = rows.get()
    _change(garment, wanted, now)
    return garment, False


def _add(wanted: Wanted, now: datetime) -> Garment:
    return add_garment(
        owner=None,
        picture=wanted.picture,
        kind=wanted.kind,
        name=wanted.name,
        sku=wanted.sku,
        product_url=wanted.product_url,
        now=now,
    )


def _change(garment: Garment, wanted: Wanted, now: datetime) -> None:
    """Writes only what is another."""
    values = {
        "name": wanted.name,
        "kind": wanted.kind,
        "product_url": wanted.product_url,
        "retired_at": None,
    }
    changed = [n for n, value in values.items() if getattr(garment, n) != value]
    for name in changed:
        setattr(garment, name, values[name])
    if garment.source_sha256 != wanted.picture.source_sha256:
        replace_garment_picture(garment=garment, picture=wanted.picture, now=now)
    elif changed:
        garment.save(update_fields=changed)
