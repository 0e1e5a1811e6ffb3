import uuid
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router

from ..models import Scope, WebhookDelivery, WebhookEndpoint
from ..presentation.api_objects import format_time
from ..services import webhooks
from . import schemas
from .answers import answer, answer_list
from .auth import ApiRequest, Bearer
from .idempotency import idempotent
from .problems import Problem, invalid
from .reading import refuse_unknown

router = Router(tags=["webhooks"], auth=Bearer(Scope.WEBHOOKS))


def _get(pk: uuid.UUID) -> WebhookEndpoint:
    endpoint = WebhookEndpoint.objects.filter(pk=pk).first()
    if endpoint is None:
        raise Problem("not_found")
    return endpoint


def _build(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": str(endpoint.pk),
        "url": endpoint.url,
        "events": endpoint.events,
        "active": endpoint.stopped_at is None,
        "stopped": endpoint.stop_reason or None,
        "created_at": format_time(endpoint.created_at),
    }


def _build_delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    waits = delivery.state == WebhookDelivery.State.PENDING
    return {
        "id": str(delivery.pk),
        "type": delivery.event.type,
        "created_at": format_time(delivery.created_at),
        "state": delivery.state,
        "attempts": delivery.attempts,
        "last_attempt_at": format_time(delivery.last_at) if delivery.last_at else None,
        "next_attempt_at": format_time(delivery.next_at) if waits else None,
        "status": delivery.status,
        "milliseconds": delivery.milliseconds,
        "answer": delivery.answer,
    }


@router.get(
    "",
    response={200: schemas.Webhooks, 304: None, **schemas.problems(404)},
    summary="List the webhooks",
)
def list_webhooks(request: ApiRequest, wanted: Query[schemas.Page]) -> HttpResponse:
    refuse_unknown(request.GET, schemas.Page.model_fields)
    return answer_list(
        request,
        WebhookEndpoint.objects.all(),
        lambda page: [_build(endpoint) for endpoint in page],
        limit=wanted.limit,
        cursor=wanted.cursor,
    )


@router.post(
    "",
    response={
        201: schemas.NewWebhook,
        **schemas.problems(409, 415),
    },
    summary="Have events sent to an address",
)
@idempotent
def create_webhook(request: ApiRequest, wanted: schemas.WebhookIn) -> HttpResponse:
    """The secret, with which the receiver checks the signature, is shown only here."""
    try:
        endpoint = webhooks.create_endpoint(
            url=wanted.url, events=wanted.events, now=timezone.now()
        )
    except webhooks.WebhookError as error:
        raise invalid(**{error.field: str(error)}) from None
    value = {**_build(endpoint), "secret": endpoint.secret}
    return answer(request, value, status=201)


@router.get(
    "/{uuid:id}",
    response={200: schemas.Webhook, 304: None, **schemas.problems(404)},
    summary="Get a webhook",
)
def get_webhook(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    refuse_unknown(request.GET, ())
    return answer(request, _build(_get(id)))


@router.patch(
    "/{uuid:id}",
    response={
        200: schemas.Webhook,
        **schemas.problems(404, 415),
    },
    summary="Change a webhook, stop it or let it go on",
)
def change_webhook(
    request: ApiRequest, id: uuid.UUID, wanted: schemas.WebhookPatch
) -> HttpResponse:
    endpoint = _get(id)
    try:
        webhooks.change_endpoint(
            endpoint=endpoint,
            url=wanted.url or "",
            events=wanted.events or (),
            active=wanted.active,
            now=timezone.now(),
        )
    except webhooks.WebhookError as error:
        raise invalid(**{error.field: str(error)}) from None
    except WebhookEndpoint.DoesNotExist:
        raise Problem("not_found") from None
    return answer(request, _build(endpoint))


@router.delete(
    "/{uuid:id}",
    response={204: None, **schemas.problems(404)},
    summary="Delete a webhook and what waits for it",
)
def delete_webhook(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    _get(id).delete()
    return HttpResponse(status=204)


@router.post(
    "/{uuid:id}/test",
    response={202: schemas.Webhook, **schemas.problems(404, 409)},
    summary="Send an event of the type “test”",
)
@idempotent
def send_test(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    endpoint = _get(id)
    webhooks.send_test(endpoint=endpoint, now=timezone.now())
    return answer(request, _build(endpoint), status=202)


@router.post(
    "/{uuid:id}/rotate-secret",
    response={200: schemas.NewWebhook, **schemas.problems(404, 409)},
    summary="Change the secret; for a day both sign",
)
@idempotent
def rotate_secret(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    endpoint = _get(id)
    try:
        secret = webhooks.rotate_secret(endpoint=endpoint, now=timezone.now())
    except WebhookEndpoint.DoesNotExist:
        raise Problem("not_found") from None
    return answer(request, {**_build(endpoint), "secret": secret})


@router.get(
    "/{uuid:id}/deliveries",
    response={200: schemas.Deliveries, 304: None, **schemas.problems(404)},
    summary="List what was sent there, and what it answered",
)
def list_deliveries(
    request: ApiRequest, id: uuid.UUID, wanted: Query[schemas.Page]
) -> HttpResponse:
    refuse_unknown(request.GET, schemas.Page.model_fields)
    return answer_list(
        request,
        _get(id).deliveries.select_related("event"),
        lambda page: [_build_delivery(delivery) for delivery in page],
        limit=wanted.limit,
        cursor=wanted.cursor,
    )
