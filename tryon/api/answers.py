"""What goes out: objects, lists, 304 for whoever has the same already."""

import base64
import hashlib
import json
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    JsonResponse,
)
from django.utils.http import parse_etags

from .problems import not_there
from .reading import read_moment

M = TypeVar("M", bound=Model)
# Estimates, which are others each second: an object with others is still the same.
ESTIMATES = ("place", "eta_seconds")


def answer(
    request: HttpRequest,
    value: Any,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """JSON; a GET gets a weak ETag of all but the estimates, and 304 if it names it."""
    headers = {**(headers or {}), "Cache-Control": "private, no-cache"}
    if request.method == "GET":
        headers["ETag"] = _make_etag(value)
        if has_already(request, headers["ETag"]):
            return HttpResponseNotModified(headers=headers)
    return JsonResponse(value, status=status, headers=headers, safe=False)


def has_already(request: HttpRequest, etag: str) -> bool:
    """Whether `If-None-Match` names it: among others, as a weak one, or by a star."""
    named = parse_etags(request.headers.get("If-None-Match", ""))
    plain = {one.removeprefix("W/") for one in named}
    return "*" in plain or etag.removeprefix("W/") in plain


def _make_etag(value: Any) -> str:
    if isinstance(value, dict):
        value = {name: part for name, part in value.items() if name not in ESTIMATES}
    text = json.dumps(value, sort_keys=True)
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def tell_when(seconds: float) -> dict[str, str]:
    """When the next look is worth it."""
    return {"Retry-After": str(max(math.ceil(seconds), 1))}


def answer_list(
    request: HttpRequest,
    rows: QuerySet[M],
    build: Callable[[Sequence[M]], list[Any]],
    *,
    limit: int,
    cursor: str | None,
) -> HttpResponse:
    """A page of the newest, and where the next one is; by key, however far it is."""
    if cursor is not None:
        at, pk = _read_cursor(cursor)
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))
    page = list(rows.order_by("-created_at", "-pk")[: limit + 1])
    following, headers = None, {}
    if len(page) > limit:
        page = page[:limit]
        query = request.GET.copy()
        query["cursor"] = _write_cursor(page[-1])
        following = f"{settings.SITE_URL}{request.path}?{query.urlencode()}"
        headers["Link"] = f'<{following}>; rel="next"'
    value = {"items": build(page), "next": following}
    return answer(request, value, headers=headers)


def _write_cursor(row: Any) -> str:
    text = f"{row.created_at.isoformat()} {row.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, uuid.UUID]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
        moment, _space, pk = text.partition(" ")
        return read_moment(moment), uuid.UUID(pk)
    except ValueError:
        sentence = "Take it from “next” of the list before."
        raise not_there("cursor", sentence) from None
