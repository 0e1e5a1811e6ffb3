"""What a customer reads: one sentence for what happened, one button for what to do.

Never in here: jobs, keys, credits, the API's name or its words.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from django.utils.translation import gettext_lazy as _

from ..models import FailureCode, Status, TryOn
from ..models.result import HideReason

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Text: TypeAlias = "str | _StrPromise"  # the latter in the language of who reads it


@dataclass(frozen=True)
class Advice:
    """`action` names what the button does.

    retry, send_again, photo_only (compose with this photo), garment_only (with these
    clothes).
    """

    sentence: Text
    button: Text
    action: str
    more: Text = ""


TRY_AGAIN = _("Try again")
FAILURES = {
    FailureCode.PHOTO_REFUSED: Advice(
        _("This photo could not be used: no one could be made out in it."),
        _("Choose another photo"),
        "garment_only",
    ),
    FailureCode.GARMENT_REFUSED: Advice(
        _("This picture of the clothes could not be used. A plain background helps."),
        _("Choose another garment"),
        "photo_only",
    ),
    FailureCode.REFUSED: Advice(
        _("These pictures could not be used together."),
        _("Choose others"),
        "photo_only",
    ),
    FailureCode.NOT_MADE: Advice(
        _("It did not come out this time."), TRY_AGAIN, "retry"
    ),
    FailureCode.TIMED_OUT: Advice(
        _("This one got lost on the way."), TRY_AGAIN, "retry"
    ),
    FailureCode.VANISHED: Advice(
        _("This one got lost on the way."), TRY_AGAIN, "retry"
    ),
    FailureCode.KEY_GONE: Advice(
        _("This one got lost on the way."), TRY_AGAIN, "retry"
    ),
    FailureCode.RESULT_UNAVAILABLE: Advice(
        _("It was made, but we could not bring it home."), TRY_AGAIN, "retry"
    ),
    FailureCode.PICTURES_GONE: Advice(
        _("Its photo or clothes could not be read."), _("Choose others"), "photo_only"
    ),
}
UNCONFIRMED = Advice(
    _("We are not sure it arrived."),
    _("Send again"),
    "send_again",
    _("We sent it, but heard nothing back. Nothing is sent twice by itself."),
)
SHORT_BREAK = _(
    "The fitting room is taking a short break. Your picture keeps its place."
)
NOT_HOME = _(
    "Your picture is made, but it takes longer than usual to bring it home. We keep "
    "trying."
)
LATE = _(
    "This takes longer than usual. We keep looking for 24 hours and tell you when "
    "it is done."
)
BEING_CHECKED = _(
    "The shop looks at each picture before you see it. Usually within the hour."
)
HIDDEN = _("Hidden by the shop.")
HIDDEN_BECAUSE: dict[str, Text] = {
    HideReason.CLOTHES: _(
        "We took this picture down because the clothes do not match."
    ),
    HideReason.BODY: _("We took this picture down because the body looks wrong."),
    HideReason.SOMEONE_ELSE: _(
        "We took this picture down because someone else is in it."
    ),
    HideReason.UNSUITABLE: _("We took this picture down because it is not suitable."),
    HideReason.MADE_AGAIN: _("This picture did not come out well. It is made again."),
}


def explain_hidden(reason: str) -> Text:
    """What the customer reads about a picture that was taken down."""
    return HIDDEN_BECAUSE.get(reason, HIDDEN)


def find_advice(try_on: TryOn) -> Advice | None:
    """What to say and to offer when something went wrong; None if nothing did."""
    if try_on.status == Status.FAILED:
        return FAILURES[FailureCode(try_on.failure_code)]
    if try_on.status == Status.UNCONFIRMED:
        return UNCONFIRMED
    return None
