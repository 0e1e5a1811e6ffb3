import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse, HttpResponseNotModified
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router

from .. import services, tasks
from ..models import Scope, Source, Status, TryOn
from ..pictures import normalise, storage
from ..presentation import api_objects, progress
from ..services import quotas
from . import schemas
from .answers import answer, answer_list, has_already, tell_when
from .auth import ApiRequest, Bearer
from .getters import choose_garment, choose_photo, find_garments, get_try_on
from .getters import list_try_ons as list_rows
from .idempotency import idempotent, make_token
from .problems import Problem, invalid
from .reading import refuse_unknown

router = Router(tags=["try-ons"], auth=Bearer(Scope.TRY_ONS))
PICTURE = {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}


def tell(
    request: ApiRequest, pk: uuid.UUID, status: int = 200, **headers: str
) -> HttpResponse:
    """The try-on as it is now, and when to look again while it is under way."""
    now = timezone.now()
    try_on = get_try_on(pk)
    estimator = progress.Estimator(now, progress.recent_shop.get(now))
    value = api_objects.build_try_on(try_on, estimator)
    if try_on.is_under_way:
        headers |= tell_when(try_on.progress.poll_in)
    return answer(request, value, status=status, headers=headers)


@router.post(
    "",
    response={
        (200, 202): schemas.TryOn,
        **schemas.problems(404, 409, 415),
    },
    summary="Ask for a picture",
)
@idempotent
def create_try_on(request: ApiRequest, wanted: schemas.TryOnIn) -> HttpResponse:
    """202: it waits in line. 200: the same outfit on the same photo is there or under
    way, and is not paid for again."""
    photo = choose_photo(wanted.photo, wanted.customer)
    garment = choose_garment(wanted.garment, "garment")
    bottom = choose_garment(wanted.bottom, "bottom") if wanted.bottom else None
    try:
        try_on, created = services.create_try_on(
            owner=photo.owner,
            photo=photo,
            outfit=services.Outfit(garment, bottom),
            now=timezone.now(),
            token=make_token(request),
            again=wanted.again,
            source=Source.API,
            shop_key=request.auth,
        )
    except services.OutfitError as error:
        name = "bottom" if error.field == "bottom" else "garment"
        raise invalid(**{name: str(error)}) from None
    except quotas.LimitReached as error:
        raise limit_reached(str(error), error.next_in) from None
    if created:
        transaction.on_commit(tasks.wake_up)
    place = settings.SITE_URL + reverse("api:try_on", args=[try_on.pk])
    return tell(request, try_on.pk, 202 if created else 200, Location=place)


def limit_reached(sentence: str, next_in: float | None) -> Problem:
    headers = tell_when(next_in) if next_in is not None else {}
    return Problem("limit_reached", sentence, headers=headers)


@router.get(
    "",
    response={200: schemas.TryOns, 304: None, **schemas.problems(404)},
    summary="List the try-ons of a customer",
)
def list_try_ons(
    request: ApiRequest, wanted: Query[schemas.TryOnFilter]
) -> HttpResponse:
    """Without `customer`: those of the shop itself. The newest first."""
    refuse_unknown(request.GET, schemas.TryOnFilter.model_fields)
    rows = list_rows().filter(owner__external_id=wanted.customer or "")
    if wanted.status is not None:
        rows = rows.filter(status=wanted.status)
    if wanted.garment is not None:
        pieces = list(find_garments(wanted.garment).values_list("pk", flat=True))
        rows = rows.filter(Q(garment__in=pieces) | Q(bottom_garment__in=pieces))
    now = timezone.now()
    estimator = progress.Estimator(now, progress.recent_shop.get(now))

    def build(page: Sequence[TryOn]) -> list[api_objects.TryOnObject]:
        return [api_objects.build_try_on(row, estimator) for row in page]

    return answer_list(request, rows, build, limit=wanted.limit, cursor=wanted.cursor)


@router.get(
    "/{uuid:id}",
    response={200: schemas.TryOn, 304: None, **schemas.problems(404)},
    url_name="try_on",
    summary="Get a try-on",
)
def get(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    """While it is under way, Retry-After says when the next look is worth it."""
    refuse_unknown(request.GET, ())
    return tell(request, id)


@router.get(
    "/{uuid:id}/picture",
    response={304: None, **schemas.problems(404)},
    url_name="try_on_picture",
    summary="Get the picture, labelled as made by a model",
    openapi_extra={"responses": {200: {"description": "OK", "content": PICTURE}}},
)
def picture(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    """404 until it is ready, and when the shop has taken it down."""
    refuse_unknown(request.GET, ())
    result = get_try_on(id).visible_result
    if result is None:
        raise Problem("not_found", "There is no picture of it to see.")
    headers = {"ETag": f'"{result.stem}"', "Cache-Control": "private, no-cache"}
    if has_already(request, headers["ETag"]):
        return HttpResponseNotModified(headers=headers)
    try:
        data = normalise.labelled(storage.read(result.file_name))
    except FileNotFoundError:
        raise Problem("not_found") from None
    return HttpResponse(data, content_type="image/jpeg", headers=headers)


@router.post(
    "/{uuid:id}/cancel",
    response={200: schemas.TryOn, **schemas.problems(404, 409)},
    summary="Cancel one that was not sent yet",
)
@idempotent
def cancel(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    """Its try comes back. An unconfirmed one can be given up too."""
    try_on = get_try_on(id)
    is_canceled = try_on.status == Status.CANCELED
    if not is_canceled and not services.cancel(
        try_on=try_on, now=timezone.now(), by=None
    ):
        raise Problem("too_late", "It is being made, or over, and cannot be stopped.")
    return tell(request, id)


@router.post(
    "/{uuid:id}/send-again",
    response={200: schemas.TryOn, **schemas.problems(404, 409)},
    summary="Send an unconfirmed one again, which may cost twice",
)
@idempotent
def send_again(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    try_on = get_try_on(id)
    if not services.send_again(try_on=try_on, now=timezone.now(), by=None):
        raise Problem("too_late", "Only an unconfirmed one can be sent again.")
    transaction.on_commit(tasks.wake_up)
    return tell(request, id)


@router.delete(
    "/{uuid:id}",
    response={204: None, **schemas.problems(404)},
    summary="Delete a try-on and its picture",
)
def delete(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    services.delete_try_on(try_on=get_try_on(id), now=timezone.now(), by=None)
    return HttpResponse(status=204)
