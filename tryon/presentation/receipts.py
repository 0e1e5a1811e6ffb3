"""What was asked, when each request went, what it answered, and what it cost.

For the customer, in plain words; staff read the same and more in the admin.
"""

from typing import TypedDict

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ..models import Status, TryOn
from ..models.ledger import ApiRequest, Outcome, Record

KINDS = {
    ApiRequest.Kind.SUBMIT: gettext_noop("Sent"),
    ApiRequest.Kind.POLL: gettext_noop("Looked"),
}
ANSWERS = {
    "": gettext_noop("on its way"),
    Outcome.ACCEPTED: gettext_noop("accepted"),
    Outcome.RUNNING: gettext_noop("still being made"),
    Outcome.COMPLETED: gettext_noop("ready"),
    Outcome.FAILED: gettext_noop("did not come out"),
    Outcome.NOT_ARRIVED: gettext_noop("did not arrive"),
    Outcome.UNCLEAR: gettext_noop("no clear answer"),
    Outcome.REFUSED: gettext_noop("refused"),
    Outcome.RATE_LIMITED: gettext_noop("asked to wait"),
    Outcome.KEY_REFUSED: gettext_noop("asked to wait"),
    Outcome.OUT_OF_CREDITS: gettext_noop("asked to wait"),
    Outcome.LOST: gettext_noop("no answer"),
}
# Whether the shop pays: the API charges what it accepts, as far as anybody knows.
YES, NO, UNSURE = "yes", "no", "unsure"
# Of a submit: nobody knows whether it was accepted.
MAYBE_ACCEPTED = frozenset({Outcome.UNCLEAR, Outcome.LOST, ""})


class DescribedRequest(Record):
    words: str
    time: str  # by the shop's clock


class Picture(TypedDict):
    name: str
    width: int
    height: int


class Asked(TypedDict):
    mode: str
    at: str
    pictures: dict[str, Picture]


class Receipt(TypedDict):
    id: str
    asked: Asked
    requests: list[DescribedRequest]
    status: str
    failure_code: str | None
    finished_at: str | None
    asked_by: str  # which of the shop's programs; empty: somebody on the pages
    counts_as_a_try: bool
    charged_to_the_shop: str
    words: str


def find_charged(outcomes: set[str]) -> str:
    """From the outcomes of its submits."""
    if Outcome.ACCEPTED in outcomes:
        return YES
    if outcomes & MAYBE_ACCEPTED:
        return UNSURE
    return NO


def build_receipt(try_on: TryOn) -> Receipt:
    """One query, and one for the shop key; every value can be written as JSON."""
    rows = try_on.api_requests.exclude(outcome=Outcome.VOID)
    requests: list[Record] = [
        *(try_on.past_requests or ()),
        *(row.as_record() for row in rows.order_by("planned_at", "id")),
    ]
    submits = {
        record["outcome"] or ""
        for record in requests
        if record["kind"] == ApiRequest.Kind.SUBMIT
    }
    pictures = {
        "photo": try_on.photo,
        "garment": try_on.garment,
        "bottom_garment": try_on.bottom_garment,
    }
    return {
        "id": str(try_on.pk),
        "asked": {
            "mode": try_on.mode,
            "at": try_on.created_at.isoformat(),
            "pictures": {
                name: {
                    "name": getattr(row, "label", ""),
                    "width": row.width,
                    "height": row.height,
                }
                for name, row in pictures.items()
                if row is not None
            },
        },
        "requests": [
            {**record, "words": _describe(record), "time": _format_time(record)}
            for record in requests
        ],
        "status": try_on.status,
        "failure_code": try_on.failure_code or None,
        "finished_at": try_on.finished_at.isoformat() if try_on.finished_at else None,
        "asked_by": try_on.shop_key.label if try_on.shop_key else "",
        "counts_as_a_try": try_on.counts_against_limit,
        "charged_to_the_shop": find_charged(submits),
        "words": describe_cost(try_on),
    }


def _format_time(record: Record) -> str:
    """When it was sent, by the shop's clock."""
    sent = parse_datetime(record["sent_at"] or "")
    return (
        time_format(timezone.localtime(sent, timezone.get_default_timezone()), "H:i:s")
        if sent
        else ""
    )


def _describe(record: Record) -> str:
    kind, outcome = ApiRequest.Kind(record["kind"]), record["outcome"] or ""
    return f"{_(KINDS[kind])}: {_(ANSWERS[outcome])}"


def describe_cost(try_on: TryOn) -> str:
    """What it cost the customer."""
    if not try_on.counts_against_limit:
        return _("You were not charged: the try came back.")
    if try_on.status == Status.UNCONFIRMED:
        return _("It counts as one try. Sending it again costs nothing more.")
    return _("It counts as one try.")
