"""The review queue: one result after the other, by keyboard."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from .. import services, tasks
from ..models import Garment, Result, ReviewDecision, User
from ..models.result import Decision, HideReason
from ..models.states import ReviewState
from ..presentation import texts
from ..services import review
from ..web import local_days

MOST_COUNTED = 500
LAST = "last_decided"  # in the session, for undo
REASONS = [reason for reason in HideReason if reason != HideReason.MADE_AGAIN]
CHECKS = {
    "blank": gettext_lazy("nearly blank"),
    "same": gettext_lazy("nearly the same as the photo"),
    "shape": gettext_lazy("another shape than the photo"),
    "outside": gettext_lazy("much changed outside the clothes"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """The next result for this reviewer; POST decides about one."""
    user = request.user
    allowed = ("tryon.review_result", "tryon.view_private_media")
    if not isinstance(user, User) or not user.has_perms(allowed):
        raise PermissionDenied
    if request.method == "POST":
        return _decide(request, user)
    now = timezone.now()
    waiting = review.fill_queue(reviewer=user, now=now)
    shown = next((row for row in waiting if str(row.pk) == request.GET.get("at")), None)
    if shown is None and waiting:
        shown = waiting[0]
    here = waiting.index(shown) if shown is not None else 0
    message = request.session.pop("review_told", "")
    # To count all of a long queue would take longer than to decide.
    left = Result.objects.pending()[: MOST_COUNTED + 1].count()
    context = {
        **admin.site.each_context(request),
        "is_nav_sidebar_enabled": False,  # room for the pictures
        "title": _("Review"),
        "result": shown,
        "garments": _garments(shown),
        "checks": [CHECKS[code] for code in (shown.checks or ()) if code in CHECKS]
        if shown
        else [],
        "reports": shown.reports.all() if shown else (),
        "waiting": waiting,
        "before": waiting[here - 1] if here else None,
        "after": waiting[here + 1] if here + 1 < len(waiting) else None,
        "left": min(left, MOST_COUNTED),
        "many": left > MOST_COUNTED,
        "others": review.count_with_others(reviewer=user, now=now),
        "reasons": [
            (reason.value, reason.label, texts.explain_hidden(reason))
            for reason in REASONS
        ],
        "undoable": LAST in request.session,
        "message": message,
        "today": ReviewDecision.objects.filter(
            at__gte=local_days.find_begin(now, 1)
        ).count(),
    }
    return render(request, "admin/tryon/review.html", context)


def _garments(result: Result | None) -> list[Garment]:
    if result is None:
        return []
    pieces = (result.try_on.garment, result.try_on.bottom_garment)
    return [piece for piece in pieces if piece is not None]


def _decide(request: HttpRequest, user: User) -> HttpResponse:
    action = request.POST.get("action", "")
    if action == "undo":
        message = _undo(request, user)
    else:
        pk = request.POST.get("result", "")
        if not pk.isdecimal():
            raise Http404
        result = get_object_or_404(Result.objects.select_related("try_on"), pk=pk)
        message = _act(request, user, result, action)
    request.session["review_told"] = message
    return redirect(request.path)


def _act(request: HttpRequest, user: User, result: Result, action: str) -> str:
    now = timezone.now()
    if action == "again":
        done = review.send_again(result=result, by=user, now=now)
        if done:
            tasks.wake_up()
        message = _("Made again.")
    elif action == "delete":
        services.delete_try_on(try_on=result.try_on, now=now, by=user)
        request.session.pop(LAST, None)
        return str(_("Deleted."))
    elif action in (Decision.APPROVE, Decision.HIDE):
        reason = request.POST.get("reason", "") if action == Decision.HIDE else ""
        if action == Decision.HIDE and reason not in REASONS:
            return str(_("Say why: choose a reason first."))
        done = review.decide(
            result=result,
            decision=Decision(action),
            by=user,
            now=now,
            reason=reason,
            expected=ReviewState.UNREVIEWED,
        )
        message = _("Approved.") if action == Decision.APPROVE else _("Hidden.")
    else:
        return str(_("Nothing was decided."))
    if not done:
        return _elsewhere(result)
    request.session[LAST] = str(result.pk)
    return str(message)


def _elsewhere(result: Result) -> str:
    last = ReviewDecision.objects.filter(result=result).select_related("by").first()
    if last is None:
        return str(_("It is gone."))
    when = timezone.localtime(last.at).strftime("%H:%M")
    sentence = _("%(who)s decided this at %(when)s.")
    return sentence % {"who": last.by, "when": when}


def _undo(request: HttpRequest, user: User) -> str:
    pk = request.session.pop(LAST, None)
    result = Result.objects.filter(pk=pk).first() if pk else None
    undone = result is not None and review.decide(
        result=result, decision=Decision.UNDO, by=user, now=timezone.now()
    )
    return str(_("Undone.") if undone else _("There is nothing to undo."))
