"""What can be worn together: one garment, or a top and a bottom."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import SLOTS, Garment, GarmentKind

WRONG_SLOT = {
    "top": gettext_lazy("%(name)s is not a top. Choose one."),
    "bottom": gettext_lazy(
        "%(name)s is not a bottom. Choose trousers, a skirt or shorts."
    ),
    "full": gettext_lazy("%(name)s is not a full-body piece. Choose one."),
}


class OutfitError(Exception):
    """These pieces cannot be tried on so; the message is a sentence for `field`."""

    def __init__(self, sentence: str, field: str):
        super().__init__(sentence)
        self.field = field


def check_slot(slot: str, garment: Garment) -> None:
    """Raises `OutfitError` if it is not worn there."""
    if garment.kind != SLOTS[slot]:
        raise OutfitError(str(WRONG_SLOT[slot]) % {"name": garment.label}, slot)


def check_slots(slots: Collection[str]) -> None:
    """Raises `OutfitError` if nothing is worn, or what is not worn together."""
    if not slots:
        raise OutfitError(_("Choose a garment."), "top")
    if "full" in slots and len(slots) > 1:
        raise OutfitError(
            _(
                "Those two cannot be worn together. Choose a full-body piece "
                "alone, or a top and a bottom."
            ),
            "full",
        )


@dataclass(frozen=True)
class Outfit:
    """What is to be tried on; raises `OutfitError` if it cannot be worn so."""

    garment: Garment
    bottom: Garment | None = None

    def __post_init__(self) -> None:
        if self.bottom is None:
            return
        if GarmentKind.FULL in (self.garment.kind, self.bottom.kind):
            check_slots(("full", "bottom"))
        check_slot("top", self.garment)
        check_slot("bottom", self.bottom)

    @classmethod
    def of(cls, chosen: Mapping[str, Garment]) -> "Outfit":
        """By slot. Raises `OutfitError`."""
        check_slots(chosen)
        first, *further = (chosen[slot] for slot in SLOTS if slot in chosen)
        return cls(first, *further)
