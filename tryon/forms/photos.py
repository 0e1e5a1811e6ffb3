"""A photo and what its owner agrees to; what a customer mends in one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..pictures import normalise
from ..services import consents
from .fields import PictureField, UploadForm


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
    photo_file = PictureField(reader=normalise.read_person, label=_("Photo"))

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

    def make_repair(self) -> normalise.Repair:
        data = self.cleaned_data
        tool, _dash, degrees = data["repair"].partition("-")
        if tool == "rotate":
            return normalise.Repair(turn=int(degrees))
        if tool == "brighten":
            return normalise.Repair(brighten=True)
        left, top, right, bottom = (data[name] / 100 for name in CROP)
        return normalise.Repair(crop=(left, top, right, bottom))
