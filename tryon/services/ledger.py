"""The ledger is kept short: what is over and told in receipts leaves it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from ..models import ApiRequest, Key, RequestTally, TryOn
from ..models.ledger import Outcome
from ..models.states import FINAL

KEPT = timedelta(days=7)
AT_ONCE = 200  # rows in one transaction, during which nothing is planned
BATCHES = 20


def prune_requests(*, now: datetime) -> int:
    """Requests answered long ago, of try-ons that are over: how many went.

    Their try-on keeps what its receipt says of them, tallies what statistics count.
    """
    before = now - KEPT
    over = Q(try_on=None) | Q(try_on__status__in=FINAL)
    removed = 0
    for key in Key.objects.all():
        answered = ApiRequest.objects.filter(over, key=key, answered_at__lt=before)
        removed += _prune(answered.order_by("answered_at"))
    unsent = ApiRequest.objects.filter(outcome=Outcome.VOID, planned_at__lt=before)
    return removed + _prune(unsent.order_by("planned_at"))


def _prune(rows: QuerySet[ApiRequest]) -> int:
    removed = 0
    for _batch in range(BATCHES):
        with transaction.atomic():
            locked = rows.select_for_update(skip_locked=True, of=("self",))
            batch = list(locked[:AT_ONCE])
            _keep_receipts(batch)
            _tally(batch)
            ApiRequest.objects.filter(pk__in=[row.pk for row in batch]).delete()
        removed += len(batch)
        if len(batch) < AT_ONCE:
            break
    return removed


def _keep_receipts(requests: Iterable[ApiRequest]) -> None:
    records = defaultdict(list)
    for request in requests:
        if request.try_on_id is not None and request.outcome != Outcome.VOID:
            records[request.try_on_id].append(request.as_record())
    for try_on in TryOn.objects.filter(pk__in=records).only("past_requests"):
        try_on.past_requests = [*(try_on.past_requests or ()), *records[try_on.pk]]
        try_on.save(update_fields=["past_requests"])


def _tally(requests: Iterable[ApiRequest]) -> None:
    counts = Counter(
        (
            (request.sent_at or request.planned_at).replace(
                minute=0, second=0, microsecond=0
            ),
            request.kind,
            request.outcome,
        )
        for request in requests
    )
    RequestTally.objects.bulk_create(
        [
            RequestTally(hour=hour, kind=kind, outcome=outcome, count=0)
            for hour, kind, outcome in counts
        ],
        ignore_conflicts=True,
    )
    for (hour, kind, outcome), count in counts.items():
        rows = RequestTally.objects.filter(hour=hour, kind=kind, outcome=outcome)
        rows.update(count=F("count") + count)
