"""Old requests leave the ledger; receipts and insight keep their figures."""

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import NOW
from tests.plans import whole_tables_read
from tryon import services
from tryon.models import ApiRequest, RequestTally, Status, TryOn
from tryon.monitoring import statistics
from tryon.presentation import receipts
from tryon.services import ledger

KEY = "sk_live_" + "p" * 43
DAY = timedelta(days=1)


def request(try_on, at, kind="poll", outcome="running", **fields) -> ApiRequest:
    fields = {"sent_at": at, "answered_at": at + timedelta(seconds=0.5), **fields}
    return ApiRequest.objects.create(
        key=factories.key(KEY),
        try_on=try_on,
        kind=kind,
        token=factories.uuid.uuid4(),
        planned_at=at,
        outcome=outcome,
        **fields,
    )


def test_a_receipt_says_the_same_before_and_after(alice):
    done = factories.try_on(alice, Status.COMPLETED)
    request(done, NOW, "submit", "accepted", http_status=200)
    request(done, NOW + timedelta(seconds=9))
    request(done, NOW + timedelta(seconds=20), outcome="completed", http_status=200)
    before = receipts.build_receipt(done)
    assert services.prune_requests(now=NOW + 6 * DAY) == 0
    assert services.prune_requests(now=NOW + 8 * DAY) == 3
    assert not ApiRequest.objects.exists()
    assert receipts.build_receipt(TryOn.objects.get(pk=done.pk)) == before
    told = {(t.kind, t.outcome): t.count for t in RequestTally.objects.all()}
    assert told[("submit", "accepted")] == 1
    assert sum(told.values()) == 3


def test_insight_counts_them_all_the_same(alice):
    done = factories.try_on(alice, Status.COMPLETED)
    request(done, NOW, "submit", "accepted")
    request(done, NOW + timedelta(seconds=9))
    request(done, NOW + 2 * DAY, outcome="completed")
    request(None, NOW, outcome="void", sent_at=None, answered_at=None)
    now = NOW + 8 * DAY
    before = statistics.overview(now, 30)
    assert (before["requests"], before["credits"]) == (3, 1)
    assert services.prune_requests(now=now) == 3
    assert statistics.overview(now, 30) == before


def test_in_several_goes_the_order_stays(alice, monkeypatch):
    monkeypatch.setattr(ledger, "AT_ONCE", 2)
    monkeypatch.setattr(ledger, "BATCHES", 1)
    done = factories.try_on(alice, Status.COMPLETED)
    for n in range(5):
        request(done, NOW + timedelta(hours=n), http_status=200 + n)
    before = receipts.build_receipt(done)
    for left in (3, 1, 0):
        services.prune_requests(now=NOW + 8 * DAY)
        assert ApiRequest.objects.count() == left
        assert receipts.build_receipt(TryOn.objects.get(pk=done.pk)) == before
    assert sum(RequestTally.objects.values_list("count", flat=True)) == 5


@pytest.mark.parametrize("status", [Status.UNCONFIRMED, Status.PROCESSING])
def test_what_is_not_over_keeps_its_requests(alice, status):
    request(factories.try_on(alice, status), NOW)
    assert services.prune_requests(now=NOW + 30 * DAY) == 0


def test_those_without_a_try_on_and_those_never_sent_go_too(alice):
    request(None, NOW)
    request(None, NOW, outcome="void", sent_at=None, answered_at=None)
    request(None, NOW, outcome="", sent_at=None, answered_at=None)
    assert services.prune_requests(now=NOW + 8 * DAY) == 2
    assert ApiRequest.objects.get().outcome == ""


def test_no_table_is_read_as_a_whole(alice):
    request(factories.try_on(alice, Status.COMPLETED), NOW)
    with whole_tables_read() as found:
        assert services.prune_requests(now=NOW + 8 * DAY) == 1
    assert found == []
