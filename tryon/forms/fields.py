"""Fields that several forms have, and the form that lets go of its pictures."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import typed_text
from ..pictures import normalise


class LineField(forms.CharField):
    """A name or a remark: nothing in it that nobody sees or that turns texts round."""

    def to_python(self, value: Any) -> str:
        return typed_text.clean_line(super().to_python(value) or "")


class PictureField(forms.FileField):
    """An upload that becomes an `normalise.Picture`; its errors are sentences."""

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

    def clean(self, data: Any, initial: Any = None) -> normalise.Picture | None:
        upload = super().clean(data, initial)
        if not upload:
            return None
        try:
            picture: normalise.Picture = self.reader(upload.file)
            return picture
        except normalise.PictureError as error:
            sentence = str(error)
        # Not from within, where it would keep the half-read picture in its traceback.
        raise forms.ValidationError(sentence, code="picture")


class UploadForm(forms.Form):
    """Whose pictures leave it when they are stored."""

    def take(self, name: str) -> normalise.Picture:
        """The picture, once.

        A form is a ring of references, found late by the collector: what stays in it
        keeps megabytes for each upload long after its answer.
        """
        picture: normalise.Picture = self.cleaned_data.pop(name)
        return picture
