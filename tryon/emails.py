"""E-mails: a late picture is there, a key needs somebody's hand. HTML and text.

The rows say who is still to be told. They are claimed before a letter is sent: of two
at once one sends it, and a worker killed in between leaves one letter unsent, not two.
"""

import logging
from collections import defaultdict
from datetime import datetime
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_noop

from .models import Key, Result, TryOn, User, WebhookEndpoint
from .models.ledger import KeyState

FORMS = ("txt", "html")
AT_ONCE = 100

logger = logging.getLogger(__name__)


def send(
    name: str,
    subject: str,
    to: list[str],
    context: dict[str, object],
    language: str = "",
) -> bool:
    """Both forms of the letter `name`. False if it could not be handed over.

    `language`: the reader's, by default the shop's.
    """
    shop = {"SITE_NAME": settings.SITE_NAME, "theme": settings.TRYON_THEME}
    context = {**context, **shop}
    with translation.override(language or settings.LANGUAGE_CODE):
        parts = [render_to_string(f"letters/{name}.{form}", context) for form in FORMS]
        title = f"{settings.SITE_NAME}: {translation.gettext(subject)}"
    try:
        send_mail(title, parts[0], None, to, html_message=parts[1])
    except SMTPRecipientsRefused:
        logger.warning("a letter was refused for good: nobody has that address")
    except (SMTPException, OSError):
        logger.exception("a letter could not be sent; it is tried again")
        return False
    return True


def build_url(name: str, *args: object) -> str:
    return settings.SITE_URL + reverse(name, args=args)


def tell_of_late_pictures(now: datetime) -> None:
    """Whoever was promised to be told, or wishes to be, once it may be seen."""
    # Asked of each, since a list of all that is released would be long.
    released = Result.objects.released().filter(try_on=OuterRef("pk"))
    due = TryOn.objects.existing().filter(
        Exists(released), letter_due=True, owner__email__isnull=False
    )
    rows = due.select_related("owner", "garment", "bottom_garment")
    for try_on in rows.order_by("created_at")[:AT_ONCE]:
        mine = TryOn.objects.filter(pk=try_on.pk)
        claimed = mine.filter(letter_due=True).update(letter_due=False, told_at=now)
        if not claimed or try_on.owner is None or try_on.owner.email is None:
            continue
        context = {"try_on": try_on, "url": build_url("try_on", try_on.pk)}
        subject = gettext_noop("your picture is ready")
        to, language = [try_on.owner.email], try_on.owner.language
        if not send("late_picture", subject, to, context, language):
            mine.update(letter_due=True, told_at=None)
            return  # the post is away: the others wait too


def tell_of_stopped_keys(now: datetime) -> None:
    """Staff hear once of each key that the API refuses, with what to do."""
    stopped = Key.objects.configured().filter(
        state__in=(KeyState.REFUSED, KeyState.OUT_OF_CREDITS), told_at=None
    )
    for key in stopped:
        mine = Key.objects.filter(pk=key.pk)
        if mine.filter(told_at=None).update(told_at=now) and not _tell_of_key(key):
            mine.update(told_at=None)


def tell_of_stopped_webhooks(now: datetime) -> None:
    """Staff hear once of each that wants no more, or was silent for five days."""
    stopped = WebhookEndpoint.objects.stopped_by_itself()
    for endpoint in stopped.filter(told_at=None):
        mine = WebhookEndpoint.objects.filter(pk=endpoint.pk)
        context = {
            "endpoint": endpoint,
            "waiting": endpoint.deliveries.pending().count(),
            "url": build_url("admin:tryon_webhookendpoint_change", endpoint.pk),
        }
        subject = gettext_noop("a webhook has stopped")
        claimed = mine.filter(told_at=None).update(told_at=now)
        if claimed and not _tell_staff("stopped_webhook", subject, context):
            mine.update(told_at=None)


def _tell_of_key(key: Key) -> bool:
    context = {
        "key": key,
        "waiting": TryOn.objects.under_way().count(),
        "url": build_url("admin:tryon_key_changelist"),
    }
    return _tell_staff("stopped_key", gettext_noop("an API key has stopped"), context)


def _tell_staff(name: str, subject: str, context: dict[str, object]) -> bool:
    """In each one's language. False if none could be handed over."""
    staff = User.objects.filter(is_staff=True, is_active=True, email__isnull=False)
    by_language = defaultdict(list)
    for email, language in staff.values_list("email", "language"):
        by_language[language].append(str(email))
    sent = [
        send(name, subject, to, context, language)
        for language, to in by_language.items()
    ]
    return any(sent) or not sent
