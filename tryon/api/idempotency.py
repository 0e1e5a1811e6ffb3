"""`Idempotency-Key`: the same request once more gets the same answer.

The request is written down before it is worked on. What changes rows of ours alone is
done in one transaction with the keeping of its answer: a process that is killed has
done all of it or nothing. Whoever comes after a killed one waits for its lease.
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ..models import IdempotentRequest
from ..models.idempotency import KEPT
from .auth import ApiRequest
from .problems import Problem, invalid, respond

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LEASE = timedelta(seconds=30)
KEPT_HEADERS = ("Location", "Retry-After", "Content-Type")
View = Callable[..., HttpResponse]


def idempotent(view: View) -> View:
    """For a view of POST whose work is done in one transaction."""
    return _guard(view, atomic=True)


def idempotent_by_itself(view: View) -> View:
    """For one that writes files too: to do it twice does no harm."""
    return _guard(view, atomic=False)


def _guard(view: View, *, atomic: bool) -> View:
    @wraps(view)
    def wrapper(request: ApiRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None:
            return view(request, *args, **kwargs)
        if not _is_key(key):
            raise invalid(**{HEADER: "1 to 255 characters of ASCII."})
        now = timezone.now()
        mine = _begin(request, key, now)
        if mine.status is not None:
            return _replay(mine)
        kept = False
        try:
            with transaction.atomic() if atomic else nullcontext():
                response = _work(view, request, args, kwargs)
                kept = response.status_code < 500  # else: try again
                if kept:
                    _keep(mine, response)
                elif atomic:
                    transaction.set_rollback(True)
        finally:
            if not kept:
                IdempotentRequest.objects.filter(pk=mine.pk, claim=mine.claim).delete()
        return response

    return wrapper


def keep_refusal(request: HttpRequest, refusal: HttpResponse) -> HttpResponse:
    """For what was refused before its view was called: kept like any first answer.

    The answer, which is another where the key stands for another request.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST" or not _is_key(key):
        return refusal
    try:
        mine = _begin(cast(ApiRequest, request), key, timezone.now())
        if mine.status is not None:
            return _replay(mine)
        _keep(mine, refusal)
    except Problem as problem:
        return respond(problem)
    return refusal


def _is_key(key: str) -> bool:
    return 1 <= len(key) <= 255 and key.isascii() and key.isprintable()


def make_token(request: ApiRequest) -> uuid.UUID | None:
    """For what is made once for each key, also where its answer was not kept."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{request.auth.pk} {key}")


def _begin(request: ApiRequest, key: str, now: datetime) -> IdempotentRequest:
    """The row, which is ours to work on if it has no answer. Raises `Problem`."""
    IdempotentRequest.objects.filter(
        shop_key=request.auth, key=key, created_at__lte=now - KEPT
    ).delete()
    fingerprint, claim = _fingerprint(request), uuid.uuid4()
    try:
        with transaction.atomic():
            return IdempotentRequest.objects.create(
                shop_key=request.auth,
                key=key,
                fingerprint=fingerprint,
                created_at=now,
                claim=claim,
                lease_until=now + LEASE,
            )
    except IntegrityError:
        pass
    rows = IdempotentRequest.objects.filter(shop_key=request.auth, key=key)
    first = rows.first()
    if first is None:
        raise _in_progress()  # its first answer was none to keep: just deleted
    if first.fingerprint != fingerprint:
        raise Problem("idempotency_mismatch")
    if first.status is not None:
        return first
    expired = rows.filter(status=None, claim=first.claim, lease_until__lte=now)
    if not expired.update(claim=claim, lease_until=now + LEASE):
        raise _in_progress()
    first.claim = claim
    return first


def _in_progress() -> Problem:
    return Problem("in_progress", headers={"Retry-After": "1"})


def _fingerprint(request: HttpRequest) -> str:
    """A form is compared by its fields: each sending draws another boundary."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}".encode())
    if request.content_type == "multipart/form-data":
        for name, value in sorted(request.POST.lists()):
            digest.update(json.dumps([name, value]).encode())
        for name, file in sorted(request.FILES.items()):
            digest.update(json.dumps(name).encode())
            if not isinstance(file, UploadedFile):
                continue
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    else:
        digest.update(request.body)
    return digest.hexdigest()


def _work(view: View, request: ApiRequest, args: Any, kwargs: Any) -> HttpResponse:
    try:
        return view(request, *args, **kwargs)
    except Problem as problem:
        return respond(problem)


def _keep(mine: IdempotentRequest, response: HttpResponse) -> None:
    """Raises `Problem`, if another has taken over."""
    rows = IdempotentRequest.objects.filter(pk=mine.pk, claim=mine.claim)
    kept = rows.update(
        status=response.status_code,
        headers={n: response[n] for n in KEPT_HEADERS if n in response},
        body=response.content.decode(),
        customer=_find_customer(response),
    )
    if not kept:
        raise _in_progress()


def _find_customer(response: HttpResponse) -> str:
    """Of whom an answer tells: it is forgotten with them."""
    if not response.content:
        return ""
    return json.loads(response.content).get("customer") or ""


def _replay(first: IdempotentRequest) -> HttpResponse:
    response = HttpResponse(first.body, status=first.status)
    for name, text in first.headers.items():
        response[name] = text
    response[REPLAYED] = "true"
    response["Cache-Control"] = "private, no-cache"
    return response
