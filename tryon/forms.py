"""What people send: checked here, in the place where they are, before anything else."""

import uuid
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from . import consents, images, names, services
from .models import SLOTS, Garment, GarmentKind, Photo, User
from .models.result import ReportReason


class LineField(forms.CharField):
    """A name or a remark: nothing in it that nobody sees or that turns texts round."""

    def to_python(self, value: Any) -> str:
        return names.line(super().to_python(value) or "")


class PictureField(forms.FileField):
    """An upload that becomes an `images.Picture`; its errors are sentences."""

    default_error_messages = {
        "required": _("Choose a picture."),
        "invalid": _("Choose a picture."),
        "missing": _("Choose a picture."),
        "empty": _("That file is empty. Choose another."),
        "max_length": _("That file's name is too long. Rename it."),
    }

    def __init__(self, *, reader: Any, **kwargs: Any):
        self.reader = reader
        super().__init__(**kwargs)
        self.widget.attrs["accept"] = "image/*,.heic,.heif,.avif"

    def clean(self, data: Any, initial: Any = None) -> images.Picture | None:
        upload = super().clean(data, initial)
        if not upload:
            return None
        try:
            picture: images.Picture = self.reader(upload.file)
            return picture
        except images.PictureError as error:
            sentence = str(error)
        # Not from within, where it would keep the half-read picture in its traceback.
        raise forms.ValidationError(sentence, code="picture")


class UploadForm(forms.Form):
    """Whose pictures leave it when they are stored."""

    def take(self, name: str) -> images.Picture:
        """The picture, once.

        A form is a ring of references, found late by the collector: what stays in it
        keeps megabytes for each upload long after its answer.
        """
        picture: images.Picture = self.cleaned_data.pop(name)
        return picture


class ConsentMixin(forms.Form):
    """The unticked box before the first photo. `needs_consent`: none stands yet."""

    consent = forms.BooleanField(required=False)

    def __init__(self, *args: Any, needs_consent: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.needs_consent = needs_consent

    def require_consent(self) -> None:
        if self.needs_consent and not self.cleaned_data.get("consent"):
            self.add_error("consent", consents.MISSING)


class ConsentForm(ConsentMixin):
    def clean(self) -> None:
        self.require_consent()


class PhotoForm(ConsentMixin, UploadForm):
    photo_file = PictureField(reader=images.read_person, label=_("Photo"))

    def clean(self) -> None:
        self.require_consent()


CROP = ("crop_left", "crop_top", "crop_right", "crop_bottom")


class RepairForm(forms.Form):
    """What a customer mends in a photo. The crop is in percent of its sides."""

    repair = forms.ChoiceField(
        choices=[
            (name, name)
            for name in ("rotate-90", "rotate-180", "rotate-270", "brighten", "crop")
        ]
    )
    crop_left = forms.FloatField(label=_("Left"), min_value=0, max_value=100, initial=0)
    crop_top = forms.FloatField(label=_("Top"), min_value=0, max_value=100, initial=0)
    crop_right = forms.FloatField(
        label=_("Right"), min_value=0, max_value=100, initial=100
    )
    crop_bottom = forms.FloatField(
        label=_("Bottom"), min_value=0, max_value=100, initial=100
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.data.get("repair") != "crop":
            for name in CROP:
                self.fields[name].required = False

    def clean(self) -> None:
        data = self.cleaned_data
        if data.get("repair") != "crop" or self.errors:
            return
        left, top, right, bottom = (data[name] for name in CROP)
        if right - left < 5 or bottom - top < 5:
            raise forms.ValidationError(_("That would leave nothing of it."))

    def make_repair(self) -> images.Repair:
        data = self.cleaned_data
        tool, _dash, degrees = data["repair"].partition("-")
        if tool == "rotate":
            return images.Repair(turn=int(degrees))
        if tool == "brighten":
            return images.Repair(brighten=True)
        left, top, right, bottom = (data[name] / 100 for name in CROP)
        return images.Repair(crop=(left, top, right, bottom))


class GarmentForm(UploadForm):
    garment_file = PictureField(
        reader=images.read_garment, label=_("Picture of the piece")
    )
    garment_kind = forms.ChoiceField(
        choices=GarmentKind.choices,
        label=_("What is it?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Say what it is: a top, a bottom or full body."),
            "invalid_choice": _("Say what it is: a top, a bottom or full body."),
        },
    )
    garment_name = LineField(label=_("Name"), max_length=80, required=False)


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
    photo_file = PictureField(reader=images.read_person, required=False)
    top = forms.UUIDField(required=False)
    bottom = forms.UUIDField(required=False)
    full = forms.UUIDField(required=False)
    garment_file = PictureField(reader=images.read_garment, required=False)
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


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=ReportReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what is wrong.")},
    )
    text = LineField(
        label=_("Anything else (if you like)"), max_length=500, required=False
    )


class ShareForm(forms.Form):
    days = forms.TypedChoiceField(
        label=_("Ends after"),
        choices=[(1, _("1 day")), (7, _("7 days")), (30, _("30 days"))],
        coerce=int,
        initial=7,
        widget=forms.RadioSelect,
    )
    with_photo = forms.BooleanField(label=_("Show my photo too"), required=False)


class VoteForm(forms.Form):
    vote = forms.ChoiceField(
        label=_("Yes or no?"),
        choices=[("up", _("Yes")), ("down", _("No"))],
        error_messages={"required": _("Say yes or no.")},
    )
    comment = LineField(
        label=_("Say something short (if you like)"), max_length=140, required=False
    )


class DeleteAccountForm(forms.Form):
    email = forms.CharField(label=_("Type your e-mail to delete it all"))

    def __init__(self, *args: Any, expected: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if email != self.expected.lower():
            raise forms.ValidationError(_("That is not the e-mail of this account."))
        return email
