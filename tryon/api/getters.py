"""One getter a noun: the row if a shop's program may see it, else 404.

Programs see what was made through the API, for the shop and for the customers that it
names: what people upload on the pages is theirs alone.
"""

import uuid

from ..models import Garment, Photo, TryOn, User
from ..models.try_on_queries import TryOnQuerySet
from ..models.uploads import GarmentQuerySet, PhotoQuerySet
from ..presentation import api_objects
from ..services import customers
from .problems import Problem, not_there


def list_photos(customer: str | None) -> PhotoQuerySet:
    """Of one customer; without, of the shop itself."""
    return list_all_photos().filter(owner__external_id=customer or customers.SHOP)


def list_all_photos() -> PhotoQuerySet:
    rows = Photo.objects.filter(owner__external_id__isnull=False)
    return rows.select_related("owner")


def list_try_ons() -> TryOnQuerySet:
    rows = TryOn.objects.existing().filter(owner__external_id__isnull=False)
    return api_objects.with_all(rows)


def get_photo(pk: uuid.UUID) -> Photo:
    photo: Photo | None = list_all_photos().filter(pk=pk).first()
    if photo is None:
        raise Problem("not_found")
    return photo


def get_try_on(pk: uuid.UUID) -> TryOn:
    try_on: TryOn | None = list_try_ons().filter(pk=pk).first()
    if try_on is None:
        raise Problem("not_found")
    return try_on


def get_garment(sku: str, *, retired: bool = False) -> Garment:
    """By its SKU; `retired`: also one that nobody can choose any more."""
    shop = Garment.objects.of_the_shop() if retired else Garment.objects.catalogue()
    rows = shop.exclude(sku="")
    garment: Garment | None = rows.filter(sku=_read_name(sku)).first()
    if garment is None:
        raise Problem("not_found")
    return garment


def find_garments(reference: str) -> GarmentQuerySet:
    """Pieces of the catalogue by SKU or id, a SKU first."""
    rows = Garment.objects.of_the_shop()
    by_sku = rows.filter(sku=reference)
    if by_sku.exists():
        return by_sku
    try:
        return rows.filter(pk=uuid.UUID(reference))
    except ValueError:
        return rows.none()


def choose_garment(reference: str, field: str) -> Garment:
    """Raises `Problem` that names the field, if it cannot be tried on."""
    garment = find_garments(reference).filter(retired_at=None).first()
    if garment is None:
        sentence = "The catalogue has no such piece that can be tried on."
        raise not_there(field, sentence)
    return garment


def choose_photo(pk: uuid.UUID, customer: str | None) -> Photo:
    """Raises `Problem`: one photo is never told from another customer's."""
    photo = list_photos(customer).filter(pk=pk).first()
    if photo is None:
        whose = "This customer" if customer else "The shop"
        raise not_there("photo", f"{whose} has no such photo.")
    return photo


def get_customer(external_id: str) -> User:
    user = customers.find_customer(_read_name(external_id)) if external_id else None
    if user is None:
        raise Problem("not_found")
    return user


def _read_name(text: str) -> str:
    """Of an address. PostgreSQL refuses even to look for a NUL. Raises `Problem`."""
    if "\x00" in text:
        raise Problem("not_found")
    return text
