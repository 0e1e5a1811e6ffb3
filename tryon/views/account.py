"""The account: tries, sign-in, and the way out."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from .. import quotas
from .getters import OwnedRequest, owner_required


@require_safe
@never_cache
@owner_required
def account(request: OwnedRequest) -> HttpResponse:
    tries = quotas.tries(request.owner, timezone.now())
    return render(request, "account/account.html", {"tries": tries})
