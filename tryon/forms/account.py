"""The account as a whole."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


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
