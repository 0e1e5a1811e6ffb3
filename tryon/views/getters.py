"""One getter a noun: the row if this visitor may see it, else 404 or the log-in page.

Views call nothing else to fetch, so none can forget to ask who is there.
"""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404

from ..models import Fitting, Garment, Photo, TryOn
from ..web.guests import OwnedRequest as OwnedRequest
from . import resuming

View = Callable[..., HttpResponseBase]


def owner_required(view: View) -> View:
    """Without an owner (signed in, or this browser's guest) there is nothing to see."""

    @wraps(view)
    def wrapper(request: OwnedRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.owner:
            return resuming.sign_in_first(request)
        return view(request, *args, **kwargs)

    return wrapper


def sign_in_required(view: View) -> View:
    """What a guest does not have: an account."""

    @wraps(view)
    def wrapper(request: OwnedRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return resuming.sign_in_first(request)
        return view(request, *args, **kwargs)

    return wrapper


def get_try_on(request: OwnedRequest, pk: uuid.UUID) -> TryOn:
    rows = TryOn.objects.visible_to(request.owner or None).with_pictures()
    return get_object_or_404(rows, pk=pk)


def get_fitting(request: OwnedRequest, pk: uuid.UUID) -> Fitting:
    rows = Fitting.objects.visible_to(request.owner or None).select_related("photo")
    return get_object_or_404(rows, pk=pk)


def get_garment(request: OwnedRequest, pk: uuid.UUID) -> Garment:
    rows = Garment.objects.visible_to(request.owner or None)
    return get_object_or_404(rows, pk=pk)


def get_photo(request: OwnedRequest, pk: uuid.UUID) -> Photo:
    return get_object_or_404(Photo.objects.visible_to(request.owner or None), pk=pk)


def get_own_garment(request: OwnedRequest, pk: uuid.UUID) -> Garment:
    if not request.owner:
        raise Http404
    return get_object_or_404(Garment, owner=request.owner, pk=pk)
