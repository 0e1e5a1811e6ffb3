"""A photo and what is to be tried on."""

import uuid
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from .. import services
from ..models import SLOTS, Garment, GarmentKind, Photo, User
from ..pictures import normalise
from ..services.composing import NO_PHOTO
from .fields import LineField, PictureField, UploadForm
from .photos import ConsentMixin


class ComposeForm(ConsentMixin, UploadForm):
    """A photo and an outfit: one garment, or a top and a bottom.

    `composition` holds what is in order, also where something else is not.
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
        self.composition = services.Composition()

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
        self._compose()

    def _clean_photo(self) -> None:
        chosen = self.cleaned_data.get("photo")
        if chosen:
            self.composition.photo = (
                Photo.objects.visible_to(self.owner).filter(pk=chosen).first()
            )
        if self.cleaned_data.get("photo_file") or "photo_file" in self.errors:
            return
        if "photo" in self.errors or (chosen and self.composition.photo is None):
            self.errors.pop("photo", None)
            self.add_error("photo", _("That photo is not there. Choose another."))
        elif not chosen:
            self.add_error("photo", NO_PHOTO)

    def _clean_slot(self, slot: str) -> None:
        chosen = self.cleaned_data.get(slot)
        garment = None
        if chosen:
            choosable = Garment.objects.choosable_by(self.owner)
            garment = choosable.filter(pk=chosen).first()
        if slot in self.errors or (chosen and garment is None):
            self.errors.pop(slot, None)
            self.add_error(slot, _("That piece is not there. Choose another."))
        elif garment is not None:
            try:
                services.check_slot(slot, garment)
            except services.OutfitError as error:
                self.add_error(error.field, str(error))
            else:
                self.composition.garments[slot] = garment

    def _new_slot(self) -> str | None:
        """The slot that an uploaded garment takes."""
        if not self.cleaned_data.get("garment_file"):
            return None
        kind = self.cleaned_data.get("garment_kind")
        return next((slot for slot, fits in SLOTS.items() if fits == kind), None)

    def _clean_outfit(self) -> None:
        if {*SLOTS, "garment_file"} & self.errors.keys():
            return
        slots, new = set(self.composition.garments), self._new_slot()
        if new is not None:
            slots.add(new)
        if not slots and "garment_kind" in self.errors:
            return  # one is there, only not yet said what it is
        try:
            services.check_slots(slots)
        except services.OutfitError as error:
            self.add_error(error.field, str(error))

    def _compose(self) -> None:
        """The pictures leave the form, see `UploadForm.take`."""
        data, wanted = self.cleaned_data, self.composition
        if data.get("photo_file") and "consent" not in self.errors:
            wanted.new_photo = self.take("photo_file")
            wanted.consents = bool(data.get("consent"))
        if self._new_slot() is not None:
            wanted.new_garment = services.NewGarment(
                picture=self.take("garment_file"),
                kind=data["garment_kind"],
                name=data.get("garment_name", ""),
            )
        wanted.token = data.get("token")
        wanted.again = "again" in self.data


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

    def _compose(self) -> None:
        super()._compose()
        self.composition.pieces = list(self.cleaned_data.get("pieces", ()))
