"""Where django-allauth meets the house: guests, letters, the second step."""

import base64
import logging
import secrets
from smtplib import SMTPException

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from ..models import User, typed_text
from ..models.sealed import Unreadable
from ..web import rate_limit
from ..web.guests import GUEST, find_owner
from ..web.qr import qr_code
from . import second_step

logger = logging.getLogger(__name__)


def _is_anothers(address: EmailAddress) -> bool:
    other_users = User.objects.exclude(pk=address.user_id)
    return bool(other_users.filter(email=address.email.lower()).exists())


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("That e-mail and password do not go together."),
        "too_many_login_attempts": _(
            "Too many tries. Wait 5 minutes, or reset the password."
        ),
        "email_taken": _("There is an account with this e-mail. Sign in instead."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """Behind our own proxies theirs is everybody's: what they say of it."""
        return rate_limit.find_address(request)

    def clean_email(self, email: str) -> str:
        """Django takes signs in a domain that nobody sees."""
        cleaned: str = super().clean_email(typed_text.clean_line(email))
        return cleaned

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: EmailConfirmation, signup: bool
    ) -> None:
        """To an address of another account, that it has one: nothing to confirm."""
        address = emailconfirmation.email_address
        if _is_anothers(address):
            self.send_account_already_exists_mail(address.email)
        else:
            super().send_confirmation_mail(request, emailconfirmation, signup)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Not if somebody has made an account with it since the letter."""
        if _is_anothers(email_address):
            failed = "account/messages/email_confirmation_failed.txt"
            context = {"email": email_address.email}
            self.add_message(request, messages.ERROR, failed, context)
            return False
        return bool(super().confirm_email(request, email_address))

    def new_user(self, request: HttpRequest) -> User:
        """The guest's own row becomes the account."""
        owner = find_owner(request)
        return owner if owner is not None and owner.is_guest else User()

    def save_user(
        self, request: HttpRequest, user: User, form: forms.Form, commit: bool = True
    ) -> User:
        user.guest_browser = None
        user.guest_expires_at = None
        request.session.pop(GUEST, None)
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, object]
    ) -> None:
        """A letter that cannot leave now stops nobody; the next page says so."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            logger.exception("a letter could not be sent: %s", template_prefix)
            messages.error(
                self.request,
                _("We could not send you an e-mail just now. Ask again in an hour."),
            )

    def render_mail(self, *args: object, **kwargs: object) -> EmailMultiAlternatives:
        """allauth writes text only; the same words as HTML go with it."""
        letter: EmailMultiAlternatives = super().render_mail(*args, **kwargs)
        shop = {"SITE_NAME": settings.SITE_NAME, "theme": settings.TRYON_THEME}
        html = render_to_string("letters/account.html", {"text": letter.body, **shop})
        letter.attach_alternative(html, "text/html")
        return letter


class MFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That code is not right. Type the one shown now."),
        "unverified_email": _(
            "Confirm your e-mail first: the link is in the letter we sent you."
        ),
    }

    def get_totp_issuer(self) -> str:
        return str(settings.SITE_NAME)

    def build_totp_svg(self, url: str) -> str:
        return qr_code(url)

    def encrypt(self, text: str) -> str:
        return second_step.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Of what cannot be read no code is right; a superuser lets its owner in."""
        try:
            return second_step.unseal(encrypted_text)
        except Unreadable:
            logger.error("a second step was sealed with another SECRET_KEY")
            return base64.b32encode(secrets.token_bytes(20)).decode()
