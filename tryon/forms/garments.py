"""A garment of a customer's own."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import GarmentKind
from ..pictures import normalise
from .fields import LineField, PictureField, UploadForm


class GarmentForm(UploadForm):
    garment_file = PictureField(
        reader=normalise.read_garment, label=_("Picture of the piece")
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
