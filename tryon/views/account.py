"""The account: tries, messages, consent, my data, and the way out."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from .. import services, tasks
from ..forms import DeleteAccountForm
from ..models import Consent, DeletionReceipt, User
from ..services import consents, exports, quotas
from .getters import OwnedRequest, owner_required, sign_in_required


@require_safe
@never_cache
@owner_required
def account(request: OwnedRequest) -> HttpResponse:
    standing = Consent.objects.filter(owner=request.owner, withdrawn_at=None)
    context = {
        "tries": quotas.count_tries(request.owner, timezone.now()),
        "consent": standing.first(),
        "consent_text": consents.TEXT,
        "receipts": request.owner.deletion_receipts.all()[:20],
    }
    return render(request, "account/account.html", context)


@require_POST
@sign_in_required
def message_choice(request: OwnedRequest) -> HttpResponse:
    wished = "tell_when_done" in request.POST
    User.objects.filter(pk=request.user.pk).update(tell_when_done=wished)
    messages.success(request, _("Kept."))
    return redirect("account")


@require_POST
@owner_required
def withdraw_consent(request: OwnedRequest) -> HttpResponse:
    consents.withdraw(owner=request.owner, now=timezone.now())
    messages.success(request, _("Taken back. The next photo asks again."))
    return redirect("account")


@require_POST
@owner_required
def export_everything(request: OwnedRequest) -> HttpResponse:
    export = exports.request_everything(owner=request.owner, now=timezone.now())
    tasks.ask_for_export(export)
    return redirect("export", export.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@owner_required
def delete_all_pictures(request: OwnedRequest) -> HttpResponse:
    """Photos, own pieces and results; the account stays."""
    if request.method == "POST":
        receipt = services.delete_all_pictures(owner=request.owner, now=timezone.now())
        return redirect("deletion_receipt", receipt.number)
    context = {
        "question": _("Delete all your pictures?"),
        "consequence": _(
            "Your photos, your own clothes, all pictures and links go. "
            "This cannot be undone. The account stays."
        ),
        "keep_url": "account",
        "button": _("Delete my pictures"),
    }
    return render(request, "confirm_delete.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@sign_in_required
def delete_account(request: OwnedRequest) -> HttpResponse:
    """Everything, after the e-mail was typed; leads to the receipt, signed out."""
    owner = User.objects.get(pk=request.user.pk)
    data = request.POST if request.method == "POST" else None
    form = DeleteAccountForm(data, expected=str(owner.email))
    if form.is_valid():
        logout(request)
        receipt = services.delete_owner(owner=owner, now=timezone.now())
        return redirect("deletion_receipt", receipt.number)
    status = 422 if form.is_bound else 200
    context = {"form": form}
    return render(request, "account/delete_account.html", context, status=status)


@require_safe
def deletion_receipt(request: HttpRequest, number: str) -> HttpResponse:
    """By its number alone, which nobody can guess: it names nobody."""
    receipt = get_object_or_404(DeletionReceipt, number=number)
    context = {"receipt": receipt}
    return render(request, "account/deletion_receipt.html", context)


@require_POST
@sign_in_required
def end_session(request: OwnedRequest, pk: int) -> HttpResponse:
    """Log out there."""
    session = get_object_or_404(UserSession, user=request.user, pk=pk)
    session.end()
    messages.success(request, _("Logged out there."))
    return redirect(reverse("usersessions_list"))
