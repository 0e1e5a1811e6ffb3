"""allauth's forms in our words."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms
from django.utils.translation import gettext_lazy as _

from . import names

CHOOSE = _("At least 10 characters. A sentence is fine.")


class PlainMixin(forms.Form):
    """Labels above say it all: no placeholders."""

    labels: dict[str, Any] = {}
    help_texts: dict[str, Any] = {}

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
        return names.line(super().clean_login())


class SignUpForm(PlainMixin, allauth_forms.SignupForm):
    labels = {"email": _("E-mail")}
    help_texts = {"password1": CHOOSE}


class ResetPasswordForm(PlainMixin, allauth_forms.ResetPasswordForm):
    labels = {"email": _("E-mail")}


class ResetPasswordKeyForm(PlainMixin, allauth_forms.ResetPasswordKeyForm):
    pass


class ChangeEmailForm(PlainMixin, allauth_forms.AddEmailForm):
    labels = {"email": _("New e-mail")}


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
