from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from ninja import Router

from ..models import Scope
from ..presentation.api_objects import format_time
from ..services import embed
from . import schemas
from .answers import answer
from .auth import ApiRequest, Bearer
from .idempotency import idempotent
from .problems import Problem

router = Router(tags=["embed"], auth=Bearer(Scope.TRY_ONS))


@router.post(
    "",
    response={201: schemas.EmbedToken, **schemas.problems(404, 409, 415)},
    summary="Say who is about to open the frame on a product page",
)
@idempotent
def create_embed_token(
    request: ApiRequest, wanted: schemas.EmbedTokenIn
) -> HttpResponse:
    """For the element's attribute `token`: good for one opening, for ten minutes.

    404 where no page may show the frame: TRYON_EMBED_ORIGINS is empty.
    """
    if not settings.TRYON_EMBED_ORIGINS:
        raise Problem("not_found", "The embed is off: TRYON_EMBED_ORIGINS is empty.")
    row, secret = embed.create_token(customer=wanted.customer, now=timezone.now())
    value = {
        "token": secret,
        "customer": wanted.customer,
        "expires_at": format_time(row.expires_at),
    }
    return answer(request, value, status=201)
