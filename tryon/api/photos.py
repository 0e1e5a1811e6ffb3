import uuid

from django.http import HttpResponse
from django.utils import timezone
from ninja import File, Form, Query, Router, UploadedFile

from .. import services, tasks
from ..models import Photo, Scope
from ..pictures import normalise
from ..presentation import api_objects
from ..services import consents, customers
from . import schemas
from .answers import answer, answer_list
from .auth import ApiRequest, Bearer
from .getters import get_photo, list_photos
from .idempotency import idempotent_by_itself
from .problems import Problem, invalid
from .reading import read_picture, refuse_unknown

router = Router(tags=["photos"], auth=Bearer(Scope.TRY_ONS))


@router.post(
    "",
    response={
        (200, 201): schemas.Photo,
        **schemas.problems(409, 415),
    },
    summary="Send a photo of a person",
)
@idempotent_by_itself
def create_photo(
    request: ApiRequest, file: File[UploadedFile], form: Form[schemas.PhotoForm]
) -> HttpResponse:
    """The same bytes of the same customer give the photo that is there (200).

    JPEG, PNG, WebP, GIF, HEIC or AVIF; it is turned upright, its metadata are dropped,
    and it is made smaller to 2048 pixels on the long side.
    """
    refuse_unknown(request.POST, schemas.PhotoForm.model_fields)
    refuse_unknown(request.FILES, ["file"])
    if not form.consent:
        raise invalid(consent=str(consents.MISSING))
    picture = read_picture(normalise.read_person, file, "file")
    owner, now = customers.get_or_create_customer(form.customer), timezone.now()
    consents.give(owner=owner, now=now, asserted_by=request.auth.label)
    photo = services.add_photo(owner=owner, picture=picture, now=now)
    tasks.ask_for_renditions(photo)
    status = 201 if photo.created_at == now else 200
    return answer(request, api_objects.build_photo(photo), status=status)


@router.get(
    "",
    response={200: schemas.Photos, 304: None, **schemas.problems(404)},
    summary="List the photos of a customer",
)
def list_(request: ApiRequest, wanted: Query[schemas.PhotoFilter]) -> HttpResponse:
    """Without `customer`: those of the shop itself. The newest first."""
    refuse_unknown(request.GET, schemas.PhotoFilter.model_fields)
    return answer_list(
        request,
        list_photos(wanted.customer),
        lambda page: [api_objects.build_photo(photo) for photo in page],
        limit=wanted.limit,
        cursor=wanted.cursor,
    )


@router.get(
    "/{uuid:id}",
    response={200: schemas.Photo, 304: None, **schemas.problems(404)},
    summary="Get a photo",
)
def get(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    refuse_unknown(request.GET, ())
    return answer(request, api_objects.build_photo(get_photo(id)))


@router.delete(
    "/{uuid:id}",
    response={204: None, **schemas.problems(404)},
    summary="Delete a photo, with every picture made from it",
)
def delete(request: ApiRequest, id: uuid.UUID) -> HttpResponse:
    photo = get_photo(id)
    try:
        services.delete_photo(photo=photo, now=timezone.now(), by=None)
    except Photo.DoesNotExist:
        raise Problem("not_found") from None
    return HttpResponse(status=204)
