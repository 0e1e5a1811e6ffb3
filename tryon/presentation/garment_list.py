"""The clothes a person can choose from, as compose lists them."""

from collections.abc import Sequence
from typing import overload

from ..models import SLOTS, Garment, User
from ..models.uploads import GarmentQuerySet, matches_words


class Rack(Sequence[Garment]):
    """One's own pieces, newest first, then the catalogue's by SKU; for a `Paginator`.

    Two queries, each in the order of an index: asked for both at once, the database
    would sort the whole catalogue for every page.
    """

    def __init__(self, own: GarmentQuerySet, catalogue: GarmentQuerySet):
        self._own = own.order_by("-created_at", "-id")
        # PostgreSQL takes the index's order only by its first columns, too.
        order = ("owner_id", "retired_at", "sku", "-created_at", "id")
        self._catalogue = catalogue.order_by(*order)
        self._own_count = self._own.count()

    def __len__(self) -> int:
        return self._own_count + self._catalogue.count()

    @overload
    def __getitem__(self, part: int) -> Garment: ...

    @overload
    def __getitem__(self, part: slice) -> list[Garment]: ...

    def __getitem__(self, part: int | slice) -> Garment | list[Garment]:
        if isinstance(part, int):
            return self[part : part + 1][0]
        own = list(self._own[part]) if part.start < self._own_count else []
        first, last = (max(n - self._own_count, 0) for n in (part.start, part.stop))
        return own + list(self._catalogue[first:last])


def list_garments(
    owner: User | None, *, slot: str = "", of: str = "", query: str = ""
) -> Rack:
    """Of one slot; of "mine", "catalogue" or "favourites"; by name or SKU."""

    def narrowed(rows: GarmentQuerySet) -> GarmentQuerySet:
        if slot in SLOTS:
            rows = rows.filter(kind=SLOTS[slot])
        if of == "favourites":
            rows = rows.filter(fans=owner) if owner else rows.none()
        return rows.filter(matches_words(query))

    own = Garment.objects.of(owner) if of != "catalogue" else Garment.objects.none()
    catalogue = Garment.objects.catalogue() if of != "mine" else Garment.objects.none()
    return Rack(narrowed(own), narrowed(catalogue))
