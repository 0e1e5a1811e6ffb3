"""Where django-allauth meets guests: signing up keeps what a guest has made."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .middleware import GUEST, find_owner
from .models import User


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("That e-mail and password do not go together."),
        "too_many_login_attempts": _(
            "Too many tries. Wait 5 minutes, or reset the password."
        ),
        "email_taken": _("There is an account with this e-mail. Sign in instead."),
    }

    def new_user(self, request: HttpRequest) -> User:
        """The guest's own row becomes the account."""
        owner = find_owner(request)
        return owner if owner is not None and owner.is_guest else User()

    def save_user(
        self, request: HttpRequest, user: User, form: Any, commit: bool = True
    ) -> User:
        user.guest_browser = None
        user.guest_expires_at = None
        request.session.pop(GUEST, None)
        saved: User = super().save_user(request, user, form, commit)
        return saved
