"""E-mails: a late picture is there, a key needs somebody's hand. HTML and text.

The rows say who is still to be told, so that a killed worker forgets nobody.
"""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from .models import Key, Status, TryOn, User
from .models.ledger import KeyState
from .scheduling.timing import timing

LONG = timedelta(minutes=2)

logger = logging.getLogger(__name__)


def send(name: str, subject: str, to: list[str], context: dict[str, Any]) -> bool:
    """Both forms of the letter `name`. False if it could not be handed over."""
    context = {**context, "SITE_NAME": settings.SITE_NAME}
    try:
        send_mail(
            f"{settings.SITE_NAME}: {subject}",
            render_to_string(f"letters/{name}.txt", context),
            None,
            to,
            html_message=render_to_string(f"letters/{name}.html", context),
        )
    except (SMTPException, OSError):
        logger.exception("a letter could not be sent; it is tried again")
        return False
    return True


def absolute(name: str, *args: Any) -> str:
    return settings.SITE_URL + reverse(name, args=args)


def tell_of_late_pictures(now: datetime) -> None:
    """Whoever was promised to be told, or wishes to be: theirs took long."""
    patience = timedelta(seconds=timing().patience)
    late = TryOn.objects.existing().filter(
        Q(finished_at__gt=F("submitted_at") + patience)
        | Q(owner__tell_when_done=True, finished_at__gt=F("created_at") + LONG),
        status=Status.COMPLETED,
        told_at=None,
        owner__email__isnull=False,
    )
    for try_on in late.select_related("owner", "garment", "bottom_garment")[:100]:
        assert try_on.owner is not None and try_on.owner.email is not None
        context = {"try_on": try_on, "url": absolute("try_on", try_on.pk)}
        subject = _("your picture is ready")
        if send("late_picture", subject, [try_on.owner.email], context):
            TryOn.objects.filter(pk=try_on.pk).update(told_at=now)


def tell_of_stopped_keys(now: datetime) -> None:
    """Staff hear once of each key that the API refuses, with what to do."""
    stopped = Key.objects.configured().filter(
        state__in=(KeyState.REFUSED, KeyState.OUT_OF_CREDITS), told_at=None
    )
    for key in stopped:
        staff = User.objects.filter(is_staff=True, is_active=True, email__isnull=False)
        to = [str(email) for email in staff.values_list("email", flat=True)]
        context = {
            "key": key,
            "waiting": TryOn.objects.under_way().count(),
            "url": absolute("admin:tryon_key_changelist"),
        }
        subject = _("an API key has stopped")
        if not to or send("stopped_key", subject, to, context):
            Key.objects.filter(pk=key.pk).update(told_at=now)
