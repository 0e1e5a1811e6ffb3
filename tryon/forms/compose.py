"""A photo and what is to be tried on."""

import uuid
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from .. import services
from ..models import SLOTS, Garment, GarmentKind, Photo, User
from ..pictures import normalise
from .fields import LineField, PictureField, UploadForm
from .photos import ConsentMixin

WRONG_SLOT = {
    "top": _("%(name)s is not a top. Choose one."),
    "bottom": _("%(name)s is not a bottom. Choose trousers, a skirt or shorts."),
    "full": _("%(name)s is not a full-body piece. Choose one."),
}


class ComposeForm(ConsentMixin, UploadForm):
    """A photo and an outfit: one garment, or a top and a bottom.

    New uploads that are in order are kept by `keep_uploads` even if something else
    is not, so that nobody has to send a picture twice.
    """

    token = forms.CharField(widget=forms.HiddenInput, required=False)
    photo = forms.UUIDField(required=False)
    photo_file = PictureField(reader=normalise.read_person, required=False)
    top = forms.UUIDField(required=False)
    bottom = forms.UUIDField(required=False)
    full = forms.UUIDField(required=False)
    garment_file = PictureField(reader=normalise.read_garment, required=False)
    garment_kind = forms.ChoiceField(choices=GarmentKind.choices, required=False)
    garment_name = LineField(max_length=80, required=False)

    def __init__(self, *args: Any, owner: User | None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.owner = owner
        self.chosen_photo: Photo | None = None
        self.chosen: dict[str, Garment] = {}
        self.outfit: services.Outfit | None = None

    def clean_token(self) -> uuid.UUID | None:
        """None for one that is none: an old or a made-up page."""
        try:
            return uuid.UUID(self.cleaned_data["token"])
        except ValueError:
            return None

    def clean(self) -> None:
        if self.cleaned_data.get("photo_file"):
            self.require_consent()
        self._clean_photo()
        for slot in SLOTS:
            self._clean_slot(slot)
        if self.cleaned_data.get("garment_file") and not (
            self.cleaned_data.get("garment_kind")
        ):
            self.add_error(
                "garment_kind", _("Say what it is: a top, a bottom or full body.")
            )
        self._clean_outfit()

    def _clean_photo(self) -> None:
        chosen = self.cleaned_data.get("photo")
        if chosen:
            self.chosen_photo = (
                Photo.objects.visible_to(self.owner).filter(pk=chosen).first()
            )
        if self.cleaned_data.get("photo_file") or "photo_file" in self.errors:
            return
        if "photo" in self.errors or (chosen and self.chosen_photo is None):
            self.errors.pop("photo", None)
            self.add_error("photo", _("That photo is not there. Choose another."))
        elif not chosen:
            self.add_error("photo", _("Add a photo of yourself, or choose one."))

    def _clean_slot(self, slot: str) -> None:
        chosen = self.cleaned_data.get(slot)
        garment = None
        if chosen:
            choosable = Garment.objects.choosable_by(self.owner)
            garment = choosable.filter(pk=chosen).first()
        if slot in self.errors or (chosen and garment is None):
            self.errors.pop(slot, None)
            self.add_error(slot, _("That piece is not there. Choose another."))
        elif garment is not None and garment.kind != SLOTS[slot]:
            self.add_error(slot, WRONG_SLOT[slot] % {"name": garment.label})
        elif garment is not None:
            self.chosen[slot] = garment

    def _new_slot(self) -> str | None:
        """The slot that an uploaded garment takes."""
        if not self.cleaned_data.get("garment_file"):
            return None
        kind = self.cleaned_data.get("garment_kind")
        return next((slot for slot, fits in SLOTS.items() if fits == kind), None)

    def _clean_outfit(self) -> None:
        slots = set(self.chosen) | {self._new_slot()} - {None}
        if any(name in self.errors for name in (*SLOTS, "garment_file")):
            return
        if not slots and "garment_kind" not in self.errors:
            self.add_error("top", _("Choose a garment."))
        elif "full" in slots and len(slots) > 1:
            self.add_error(
                "full",
                _(
                    "Those two cannot be worn together. Choose a full-body piece "
                    "alone, or a top and a bottom."
                ),
            )

    def keep_uploads(self, owner: User, now: Any) -> None:
        """Store the pictures that were read, and choose them."""
        if self.cleaned_data.get("photo_file") and "consent" not in self.errors:
            self.chosen_photo = services.add_photo(
                owner=owner, picture=self.take("photo_file"), now=now
            )
        slot = self._new_slot()
        if slot is not None:
            self.chosen[slot] = services.add_garment(
                owner=owner,
                picture=self.take("garment_file"),
                kind=SLOTS[slot],
                name=self.cleaned_data.get("garment_name", ""),
                now=now,
            )

    def make_outfit(self) -> services.Outfit:
        if "full" in self.chosen:
            return services.Outfit(self.chosen["full"])
        if "top" in self.chosen:
            return services.Outfit(self.chosen["top"], self.chosen.get("bottom"))
        return services.Outfit(self.chosen["bottom"])


class FittingForm(ComposeForm):
    """A photo and several garments, each for a picture of its own."""

    pieces = forms.ModelMultipleChoiceField(
        Garment.objects.none(),
        error_messages={
            "required": _("Choose a garment."),
            "invalid_choice": _("That piece is not there. Choose another."),
            "invalid_pk_value": _("That piece is not there. Choose another."),
        },
    )

    def __init__(self, *args: Any, owner: User | None, **kwargs: Any):
        super().__init__(*args, owner=owner, **kwargs)
        pieces = cast("forms.ModelMultipleChoiceField[Garment]", self.fields["pieces"])
        pieces.queryset = Garment.objects.choosable_by(owner)

    def _clean_outfit(self) -> None:
        """Pieces that are not worn together always go together."""
