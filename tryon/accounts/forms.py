"""allauth's forms in our words."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..models import typed_text
from ..presentation.texts import Text
from ..web import rate_limit

TOLD_OF = rate_limit.Rate("told-of", most=10, seconds=3600)
TOO_OFTEN = _("Too many tries from your connection. Try again in an hour.")
CHOOSE = _("At least 10 characters. A sentence is fine.")


class PlainMixin(forms.Form):
    """Labels above say it all: no placeholders."""

    labels: dict[str, Text] = {}
    help_texts: dict[str, Text] = {}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        for name, label in self.labels.items():
            self.fields[name].label = label
        for name, text in self.help_texts.items():
            self.fields[name].help_text = text


class SignInForm(PlainMixin, allauth_forms.LoginForm):
    labels = {"login": _("E-mail")}
    help_texts = {"password": ""}

    def clean_login(self) -> str:
        """As it was kept when the account was made."""
        return typed_text.clean_line(super().clean_login())


class SignUpForm(PlainMixin, allauth_forms.SignupForm):
    labels = {"email": _("E-mail")}
    help_texts = {"password1": CHOOSE}

    def validate_unique_email(self, value: str) -> str:
        """It tells whether an address has an account (docs/security.md has why).

        So a household is told it a few times only, and then nothing either way.
        """
        if not TOLD_OF.would_allow(context.request):
            raise forms.ValidationError(TOO_OFTEN)
        try:
            unique: str = super().validate_unique_email(value)
        except forms.ValidationError:
            TOLD_OF.allows(context.request)
            raise
        return unique


class ResetPasswordForm(PlainMixin, allauth_forms.ResetPasswordForm):
    labels = {"email": _("E-mail")}


class ResetPasswordKeyForm(PlainMixin, allauth_forms.ResetPasswordKeyForm):
    pass


class ChangeEmailForm(PlainMixin, allauth_forms.AddEmailForm):
    labels = {"email": _("New e-mail")}

    def save(self, request: HttpRequest) -> EmailAddress:
        """Theirs stays until the new one is confirmed.

        allauth's own way takes an address that was never confirmed for the new one of
        an earlier try, and deletes it.
        """
        theirs = EmailAddress.objects.filter(user=self.user)
        for tried in theirs.filter(verified=False).exclude(email=self.user.email):
            tried.remove()
        added: EmailAddress = EmailAddress.objects.add_email(
            request, self.user, self.cleaned_data["email"], confirm=True
        )
        return added


class ChangePasswordForm(PlainMixin, allauth_forms.ChangePasswordForm):
    labels = {
        "oldpassword": _("Password now"),
        "password1": _("New password"),
        "password2": _("New password, once more"),
    }
    help_texts = {"oldpassword": "", "password1": CHOOSE}


class PasswordAgainForm(PlainMixin, allauth_forms.ReauthenticateForm):
    help_texts = {"password": ""}


class CodeForm(PlainMixin, mfa_forms.AuthenticateForm):
    """Signing in, the second step: from the app, or a recovery code."""

    labels = {"code": _("Code")}


class CodeAgainForm(PlainMixin, mfa_forms.ReauthenticateForm):
    labels = {"code": _("Code")}


class ActivateForm(PlainMixin, totp_forms.ActivateTOTPForm):
    labels = {"code": _("The six digits that the app shows")}
