from django.http import HttpResponse
from django.utils import timezone
from ninja import Router

from .. import services
from ..models import OwnerGone, Scope
from ..presentation import api_objects
from ..services import quotas
from . import schemas
from .answers import answer
from .auth import ApiRequest, Bearer
from .getters import get_customer
from .problems import Problem
from .reading import refuse_unknown

router = Router(tags=["customers"], auth=Bearer(Scope.CUSTOMERS))


@router.get(
    "/{path:id}",
    response={200: schemas.Customer, 304: None, **schemas.problems(404)},
    summary="Tries left and what there is of a customer",
)
def get(request: ApiRequest, id: str) -> HttpResponse:
    refuse_unknown(request.GET, ())
    user = get_customer(id)
    tries = quotas.count_tries(user, timezone.now())
    value = {
        "id": user.external_id,
        "created_at": api_objects.format_time(user.date_joined),
        "tries_left": tries.left,
        "tries_a_day": tries.limit,
        "photos": user.photos.count(),
        "try_ons": user.try_ons.existing().count(),
    }
    return answer(request, value)


@router.delete(
    "/{path:id}",
    response={200: schemas.Deleted, **schemas.problems(404)},
    summary="Forget a customer: everything of theirs is gone",
)
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """The receipt names nobody; it says what was deleted, and when."""
    try:
        receipt = services.delete_owner(owner=get_customer(id), now=timezone.now())
    except OwnerGone:
        raise Problem("not_found") from None
    return answer(request, {"receipt": receipt.number})
