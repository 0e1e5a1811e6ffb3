"""Pages for when it does not work, each in the shell and with one button."""

from dataclasses import dataclass

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware import csrf
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..forms import ReportForm, ShareForm, VoteForm
from ..presentation.texts import Text
from . import resuming


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


@dataclass(frozen=True)
class Why:
    """What a person reads when a form was refused."""

    title: Text
    sentence: Text


FOREIGN = Why(
    _("This form did not come from here"),
    _(
        "Your browser says that it was sent from another site. Nothing was done. If it "
        "was a page of ours, something between hides that: try another browser."
    ),
)
NO_COOKIE = Why(
    _("Your browser sent no cookie"),
    _(
        "It was deleted, or your browser blocks cookies here. Without them we cannot "
        "tell you from others: allow them for this site and go on."
    ),
)
NOT_WHOLE = Why(
    _("That did not arrive whole"),
    _("Something was cut off on the way. Nothing was done: send it once more."),
)
SIGNED_IN = Why(
    _("You signed in meanwhile"),
    _("This page was opened before you signed in. Nothing was done yet."),
)
TOO_OLD = Why(
    _("This page was open for too long"),
    _("It is from an earlier visit. Nothing was done yet."),
)
PAGE_FOR = "X-Page-For"  # a script says whom its page was made for: "" for a guest
FRESH = "X-CSRFToken"
# Texts that somebody has typed: shown to be sent again, by the fields of these forms.
TYPED: dict[str, type[forms.Form]] = {
    "report_try_on": ReportForm,
    "share": ShareForm,
    "shared": VoteForm,
}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Why, and the way back with what was chosen. The person presses again.

    A script gets the sentence, and a fresh token if its page was made for whoever is
    there now, or for a guest, who has become them.
    """
    why = _why(request, reason)
    if request.headers.get("Accept") == "application/json":
        payload = {"error": f"{why.title}. {why.sentence}"}
        response: HttpResponse = JsonResponse(payload, status=403)
    else:
        context = {"why": why, **_way_back(request, why)}
        response = render(request, "errors/403.html", context, status=403)
    if why is not FOREIGN and request.headers.get(PAGE_FOR) in ("", _who(request)):
        response[FRESH] = csrf.get_token(request)
    return response


def _why(request: HttpRequest, reason: str) -> Why:
    from_here = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    if reason.startswith(("Origin", "Referer")) or not from_here:
        return FOREIGN
    if reason == csrf.REASON_CSRF_TOKEN_MISSING:
        return NOT_WHOLE
    if request.user.is_authenticated:
        return SIGNED_IN
    return NO_COOKIE if reason == csrf.REASON_NO_CSRF_COOKIE else TOO_OLD


def _who(request: HttpRequest) -> str:
    return str(request.user.pk or "")


def _way_back(request: HttpRequest, why: Why) -> dict[str, object]:
    """Nothing of a form that may be another site's."""
    if why is FOREIGN:
        return {"back": reverse("compose")}
    name = request.resolver_match.view_name if request.resolver_match else ""
    if name in TYPED:
        return {"form": TYPED[name](request.POST)}
    chosen = name == "compose"
    return {
        "back": resuming.composed(request) if chosen else resuming.sent_from(request),
        "chosen": chosen,
        "lost": bool(request.FILES),
    }


def server_error(request: HttpRequest) -> HttpResponse:
    """Must not ask the database or the session for anything."""
    return HttpResponse(_SERVER_ERROR, status=500)


_SERVER_ERROR = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>That went wrong</title>
<h1>That went wrong on our side</h1><p>Your pictures are safe.</p>
<p><a href="">Try again</a></p></html>"""
