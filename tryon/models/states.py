"""The states of a try-on, the ways between them, and why one ends in failure."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    QUEUED = "queued", _("In line")
    SUBMITTING = "submitting", _("Being sent")
    UNCONFIRMED = "unconfirmed", _("Not sure it arrived")
    PROCESSING = "processing", _("Being made")
    FETCHING = "fetching", _("Being brought home")
    COMPLETED = "completed", _("Ready")
    FAILED = "failed", _("Failed")
    CANCELED = "canceled", _("Cancelled")


OPEN = (
    Status.QUEUED,
    Status.SUBMITTING,
    Status.UNCONFIRMED,
    Status.PROCESSING,
    Status.FETCHING,
)
FINAL = (Status.COMPLETED, Status.FAILED, Status.CANCELED)
IN_FLIGHT = (Status.SUBMITTING, Status.PROCESSING)
# What a customer waits for; an unconfirmed one waits for the customer.
UNDER_WAY = (Status.QUEUED, Status.SUBMITTING, Status.PROCESSING, Status.FETCHING)

TRANSITIONS: dict[str, tuple[str, ...]] = {
    Status.QUEUED: (Status.SUBMITTING, Status.CANCELED),
    Status.SUBMITTING: (
        Status.PROCESSING,
        Status.QUEUED,
        Status.FAILED,
        Status.UNCONFIRMED,
    ),
    # To processing by an answer that was in hand but could not be stored in time.
    Status.UNCONFIRMED: (Status.QUEUED, Status.CANCELED, Status.PROCESSING),
    Status.PROCESSING: (Status.FETCHING, Status.FAILED),
    # Back to processing when its address has run out: a poll gives a fresh one.
    Status.FETCHING: (Status.COMPLETED, Status.FAILED, Status.PROCESSING),
    Status.COMPLETED: (),
    Status.FAILED: (),
    Status.CANCELED: (),
}


def columns_of_move(
    from_status: str, to: str, now: datetime, changes: dict[str, object]
) -> dict[str, object]:
    """All that a move sets. Raises `InvalidMove` if there is no such way."""
    if to not in TRANSITIONS[from_status]:
        raise InvalidMove(f"{from_status} to {to}")
    columns = {
        "status": to,
        "claim": None,
        "lease_until": None,
        "attempts": 0,
        "next_attempt_at": None,
        "finished_at": now if to in FINAL else None,
        **changes,
    }
    if to in (Status.CANCELED, Status.FAILED):
        # No picture, no try spent: none of the failures is a customer's wish.
        columns["counts_against_limit"] = False
    return columns


class FailureCode(models.TextChoices):
    """Why it failed; the reader's sentence is made when it is shown."""

    PHOTO_REFUSED = "photo_refused", _("Photo refused")
    GARMENT_REFUSED = "garment_refused", _("Garment refused")
    REFUSED = "refused", _("Refused")
    NOT_MADE = "not_made", _("Did not come out")
    TIMED_OUT = "timed_out", _("Timed out")
    VANISHED = "vanished", _("No longer known to the API")
    KEY_GONE = "key_gone", _("Its API key is gone")
    RESULT_UNAVAILABLE = "result_unavailable", _("Result unavailable")
    PICTURES_GONE = "pictures_gone", _("Its pictures could not be read")


class Source(models.TextChoices):
    """Where a try-on was asked for."""

    PAGES = "pages", _("Pages")
    API = "api", _("API")
    EMBED = "embed", _("Product page")


class InvalidMove(Exception):
    """There is no way from the try-on's state to the one asked for."""


class StaleMove(Exception):
    """Somebody else moved this try-on first; nothing was changed."""


class ReviewState(models.TextChoices):
    """How far a finished picture is with the shop's reviewers."""

    UNREVIEWED = "unreviewed", _("Not looked at")
    APPROVED = "approved", _("Approved")
    HIDDEN = "hidden", _("Hidden")
