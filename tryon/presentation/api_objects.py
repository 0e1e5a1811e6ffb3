"""The objects of the REST API, which webhooks carry too: values that JSON can hold.

Times are ISO 8601 in UTC; sentences are in the language of who asks.
"""

import math
from datetime import UTC, datetime
from typing import Any, TypedDict

from django.conf import settings
from django.db.models import Case, Exists, IntegerField, OuterRef, When
from django.urls import reverse

from ..models import ApiRequest, FailureCode, Garment, Photo, Status, TryOn, User
from ..models.try_on_queries import TryOnQuerySet
from . import photo_advice, progress, texts
from .receipts import MAYBE_ACCEPTED


class AdviceObject(TypedDict):
    code: str
    sentence: str


class PhotoObject(TypedDict):
    id: str
    customer: str | None
    width: int
    height: int
    created_at: str
    advice: list[AdviceObject]


class Worn(TypedDict):
    sku: str | None
    id: str
    name: str


class Failure(TypedDict):
    code: str
    sentence: str


class TryOnObject(TypedDict):
    id: str
    status: str
    mode: str
    photo: str | None
    garment: Worn | None
    bottom: Worn | None
    customer: str | None
    created_at: str
    submitted_at: str | None
    finished_at: str | None
    place: int | None
    eta_seconds: int | None
    picture_url: str | None
    width: int | None
    height: int | None
    failure: Failure | None
    charged: bool | None


class GarmentObject(TypedDict):
    id: str
    sku: str | None
    name: str
    kind: str
    product_url: str | None
    width: int
    height: int
    retired: bool
    created_at: str
    updated_at: str


def format_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _format_or_none(at: datetime | None) -> str | None:
    return format_time(at) if at is not None else None


def find_customer_of(owner: User | None) -> str | None:
    """None: the shop itself, or somebody who was deleted."""
    return (owner.external_id or None) if owner is not None else None


def build_photo(photo: Photo) -> PhotoObject:
    """`photo.owner` should be loaded."""
    card = photo_advice.advise_on_photo(photo)
    return {
        "id": str(photo.pk),
        "customer": find_customer_of(photo.owner),
        "width": photo.width,
        "height": photo.height,
        "created_at": format_time(photo.created_at),
        "advice": [
            {"code": line.code, "sentence": line.advice}
            for line in (card.problems if card else ())
        ],
    }


def build_garment(garment: Garment) -> GarmentObject:
    return {
        "id": str(garment.pk),
        "sku": garment.sku or None,
        "name": garment.label,
        "kind": garment.kind,
        "product_url": garment.product_url or None,
        "width": garment.width,
        "height": garment.height,
        "retired": garment.retired_at is not None,
        "created_at": format_time(garment.created_at),
        "updated_at": format_time(garment.updated_at or garment.created_at),
    }


def with_all(rows: TryOnQuerySet) -> TryOnQuerySet:
    """With everything that `build_try_on` asks for, in the same query."""
    submits = ApiRequest.objects.filter(
        try_on=OuterRef("pk"), kind=ApiRequest.Kind.SUBMIT, outcome__in=MAYBE_ACCEPTED
    )
    return (
        rows.with_pictures()
        .select_related("owner")
        .annotate(
            earlier=Case(
                When(status=Status.QUEUED, then=progress.count_earlier()),
                default=0,
                output_field=IntegerField(),
            ),
            may_be_charged=Exists(submits),
        )
    )


def build_try_on(try_on: TryOn, estimator: progress.Estimator) -> TryOnObject:
    """`try_on` comes from `with_all`. What nobody knows is null."""
    row: Any = try_on
    try_on.place = row.earlier
    try_on.progress = shown = estimator.progress(try_on)
    left = shown.left if try_on.is_under_way else None
    result = try_on.visible_result
    return {
        "id": str(try_on.pk),
        "status": try_on.status,
        "mode": try_on.mode,
        "photo": str(try_on.photo_id) if try_on.photo_id else None,
        "garment": _build_worn(try_on.garment),
        "bottom": _build_worn(try_on.bottom_garment),
        "customer": find_customer_of(try_on.owner),
        "created_at": format_time(try_on.created_at),
        "submitted_at": _format_or_none(try_on.submitted_at),
        "finished_at": _format_or_none(try_on.finished_at),
        "place": row.earlier + 1 if try_on.status == Status.QUEUED else None,
        "eta_seconds": math.ceil(left) if left is not None else None,
        "picture_url": build_picture_url(try_on) if result else None,
        "width": result.width if result else None,
        "height": result.height if result else None,
        "failure": _build_failure(try_on),
        "charged": _find_charged(try_on, row.may_be_charged),
    }


def build_picture_url(try_on: TryOn) -> str:
    return settings.SITE_URL + reverse("api:try_on_picture", args=[try_on.pk])


def _build_worn(garment: Garment | None) -> Worn | None:
    if garment is None:
        return None
    return {
        "sku": garment.sku or None,
        "id": str(garment.pk),
        "name": garment.label,
    }


def _build_failure(try_on: TryOn) -> Failure | None:
    if try_on.status != Status.FAILED:
        return None
    code = FailureCode(try_on.failure_code)
    return {"code": code, "sentence": str(texts.FAILURES[code].sentence)}


def _find_charged(try_on: TryOn, may_be: bool) -> bool | None:
    """What receipts say, without reading the requests: an accepted one has its id."""
    if try_on.remote_id:
        return True
    past = any(
        record["kind"] == ApiRequest.Kind.SUBMIT and record["outcome"] in MAYBE_ACCEPTED
        for record in try_on.past_requests or ()
    )
    return None if may_be or past else False
