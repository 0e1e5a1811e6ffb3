import io

from django.http import HttpResponse
from django.utils import timezone
from ninja import File, Form, Query, Router, UploadedFile

from .. import services, tasks
from ..feeds import fetching
from ..feeds.errors import PictureUnusable, TryLater
from ..models import Garment, Scope
from ..models.uploads import matches_words
from ..pictures import normalise
from ..presentation import api_objects
from ..services import garments
from . import schemas
from .answers import answer, answer_list
from .auth import ApiRequest, Bearer
from .getters import get_garment
from .problems import invalid
from .reading import read_picture, refuse_unknown

router = Router(tags=["garments"])
AWAY = "Its server does not answer. Send it again later, or the picture as file."
reads, writes = Bearer(), Bearer(Scope.CATALOGUE)


@router.get(
    "",
    auth=reads,
    response={200: schemas.Garments, 304: None, **schemas.problems(404)},
    summary="List the catalogue",
)
def list_garments(
    request: ApiRequest, wanted: Query[schemas.GarmentFilter]
) -> HttpResponse:
    """The newest first. With `updated_since` retired pieces too, so that a copy of the
    catalogue can be kept up to date."""
    refuse_unknown(request.GET, schemas.GarmentFilter.model_fields)
    rows = Garment.objects.catalogue()
    if wanted.updated_since is not None:
        rows = Garment.objects.of_the_shop().updated_since(wanted.updated_since)
    if wanted.kind is not None:
        rows = rows.filter(kind=wanted.kind)
    if wanted.q is not None:
        rows = rows.filter(matches_words(wanted.q))
    return answer_list(
        request,
        rows,
        lambda page: [api_objects.build_garment(garment) for garment in page],
        limit=wanted.limit,
        cursor=wanted.cursor,
    )


@router.get(
    "/{path:sku}",
    auth=reads,
    response={200: schemas.Garment, 304: None, **schemas.problems(404)},
    summary="Get a piece of the catalogue",
)
def get(request: ApiRequest, sku: str) -> HttpResponse:
    refuse_unknown(request.GET, ())
    return answer(request, api_objects.build_garment(get_garment(sku)))


@router.put(
    "/{path:sku}",
    auth=writes,
    response={
        (200, 201): schemas.Garment,
        **schemas.problems(404, 409, 415),
    },
    summary="Put a piece into the catalogue, or change it",
)
def put_garment(
    request: ApiRequest,
    sku: str,
    form: Form[schemas.GarmentForm],
    file: File[UploadedFile | None] = None,
) -> HttpResponse:
    """With `file`, or `image_url` where the picture is fetched from. Other bytes
    replace the picture; pictures made with the old one stay as they are."""
    refuse_unknown(request.POST, schemas.GarmentForm.model_fields)
    refuse_unknown(request.FILES, ["file"])
    if (file is None) == (form.image_url is None):
        raise invalid(file="Send the picture as file, or its address as image_url.")
    picture = (
        _fetch(form.image_url or "")
        if file is None
        else read_picture(normalise.read_garment, file, "file")
    )
    try:
        wanted = garments.Wanted(
            sku=sku,
            name=form.name,
            kind=form.kind,
            product_url=form.product_url or "",
            picture=picture,
        )
    except garments.GarmentError as error:
        raise invalid(**{error.field: str(error)}) from None
    garment, created = garments.put_garment(wanted=wanted, now=timezone.now())
    tasks.ask_for_renditions(garment)
    value = api_objects.build_garment(garment)
    return answer(request, value, status=201 if created else 200)


def _fetch(url: str) -> normalise.Picture:
    """Raises `Problem`, `Busy`."""
    try:
        fetched = fetching.fetch_picture(url, fetching.Validators())
    except PictureUnusable as error:
        raise invalid(image_url=str(error)) from None
    except TryLater:
        raise invalid(image_url=AWAY) from None
    data = fetched[0] if fetched is not None else b""
    return read_picture(normalise.read_garment, io.BytesIO(data), "image_url")


@router.delete(
    "/{path:sku}",
    auth=writes,
    response={204: None, **schemas.problems(404)},
    summary="Retire a piece: nobody can choose it, histories stay",
)
def retire(request: ApiRequest, sku: str) -> HttpResponse:
    """Again: 204 too. PUT brings it back."""
    garment = get_garment(sku, retired=True)
    services.retire_garment(garment=garment, now=timezone.now())
    return HttpResponse(status=204)
