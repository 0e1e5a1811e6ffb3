"""What a webhook says: `{"type", "timestamp", "data"}`, `data` as the REST API has it.

Built when it is first sent. What has been deleted by then is told by what the event
itself knows of it.
"""

import json
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from ..models import EventType, Garment, TryOn, WebhookEvent
from . import api_objects, progress

GONE: dict[str, Any] = dict.fromkeys(api_objects.TryOnObject.__annotations__)


def build_body(event: WebhookEvent) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        body = {
            "type": event.type,
            "timestamp": api_objects.format_time(event.at),
            "data": _build_data(event),
        }
    return json.dumps(body, separators=(",", ":"))


def _build_data(event: WebhookEvent) -> dict[str, Any]:
    if event.type == EventType.TEST:
        return {"webhook": event.object_id}
    if event.type == EventType.CUSTOMER_DELETED:
        return {"id": event.object_id}
    if event.type == EventType.GARMENT_CHANGED:
        return _build_garment(event)
    return _build_try_on(event)


def _build_try_on(event: WebhookEvent) -> dict[str, Any]:
    """With the state that it tells of, though there may be a later one by now.

    Of one that was deleted meanwhile, or with what ended it, its tombstone is told.
    """
    rows = api_objects.with_all(TryOn.objects.all())
    try_on = rows.filter(pk=event.object_id).first()
    if try_on is None:
        return {**GONE, "id": event.object_id, **event.facts}
    estimator = progress.Estimator(timezone.now())
    return {**api_objects.build_try_on(try_on, estimator), **event.facts}


def _build_garment(event: WebhookEvent) -> dict[str, Any]:
    garment = Garment.objects.filter(pk=event.object_id).first()
    if garment is None:
        return {"id": event.object_id, **event.facts, "retired": True}
    return {**api_objects.build_garment(garment)}
