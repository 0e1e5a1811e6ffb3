from django.db.models import Min
from django.http import HttpResponse
from django.utils import timezone
from ninja import Router

from ..models import TryOn
from ..presentation import progress
from ..services import quotas
from . import schemas
from .answers import answer
from .auth import ApiRequest, Bearer
from .reading import refuse_unknown

router = Router(tags=["limits"], auth=Bearer())


@router.get(
    "",
    response={200: schemas.Limits, 304: None, **schemas.problems()},
    summary="How busy the fitting room is",
)
def limits(request: ApiRequest) -> HttpResponse:
    refuse_unknown(request.GET, ())
    now = timezone.now()
    queued = TryOn.objects.queued()
    oldest = queued.order_by().aggregate(at=Min("created_at"))["at"]
    estimator = progress.Estimator(now, progress.recent_shop.get(now))
    forecast = estimator.forecast()
    value = {
        "queued": queued.count(),
        "oldest_queued_seconds": round((now - oldest).total_seconds(), 1)
        if oldest
        else None,
        "usual_seconds": {
            "p50": round(forecast.quantile(0.5), 1),
            "p95": round(forecast.quantile(0.95), 1),
        },
        "keys_working": estimator.keys_open,
        "tries_left_today": quotas.count_shops_tries_left(now),
    }
    return answer(request, value)
