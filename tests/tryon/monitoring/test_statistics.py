"""What the last weeks were like, and which garments waste money."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from tests import factories
from tryon.models import ApiRequest, Result, Status, TryOn
from tryon.monitoring import statistics

INSIGHT = "/admin/tryon/catalogueimport/insight/"
HEALTH = "/admin/tryon/catalogueimport/garments/"


@pytest.fixture
def weeks(alice):
    now = timezone.now()
    made = [
        factories.try_on(alice, status, created_at=now - timedelta(days=back))
        for status, back in (
            (Status.COMPLETED, 0),
            (Status.COMPLETED, 1),
            (Status.FAILED, 1),
            (Status.COMPLETED, 40),
        )
    ]
    TryOn.objects.filter(status=Status.COMPLETED).update(
        duration_seconds=20.0, answered_at=F("created_at") + timedelta(seconds=21)
    )
    return made


def test_figures_of_the_period(weeks):
    told = statistics.overview(timezone.now(), 30)
    assert (told["tries"], told["success"]) == (3, 67)
    assert [row["tries"] for row in told["by_day"]][-2:] == [2, 1]
    assert len(told["by_day"]) == 30
    assert told["durations"] == {"p50": 20.0, "p95": 20.0}
    assert sum(n for _reason, n in told["failures"]) == 1


def test_the_page_and_the_csv(as_staff, weeks, settings):
    settings.MIRAGIC_CREDIT_PRICE = 0.5
    for query in ("", "?days=7", "?days=nonsense"):
        assert as_staff.get(INSIGHT + query).status_code == 200
    response = as_staff.get(f"{INSIGHT}?days=7&format=csv")
    lines = response.content.decode().splitlines()
    assert lines[0] == "day,tries,completed,failed"
    assert len(lines) == 8


def test_empty(as_staff):
    for page in (INSIGHT, HEALTH):
        assert as_staff.get(page).status_code == 200


def test_the_worst_garment_comes_first_and_says_what_to_do(as_staff, alice):
    good, bad = factories.garment(sku="G"), factories.garment(sku="B", name="Cape")
    for n in range(5):
        TryOn.objects.filter(pk=factories.try_on(alice, Status.COMPLETED).pk).update(
            garment=good
        )
        status = Status.FAILED if n < 2 else Status.COMPLETED
        made = factories.try_on(alice, status)
        TryOn.objects.filter(pk=made.pk).update(garment=bad)
        if n == 4:
            Result.objects.filter(try_on=made).update(review_state="hidden")
    rows = statistics.garment_health(factories.NOW, 30)
    assert [row["garment"] for row in rows] == [bad, good]
    for model in (TryOn, Result):
        model.objects.update(created_at=timezone.now())
    html = as_staff.get(HEALTH).content.decode()
    assert "3 of 5 failed: replace its picture" in html


def combo(owner, status, top, bottom):
    made = factories.try_on(owner, status, combo=True, garment=top)
    TryOn.objects.filter(pk=made.pk).update(bottom_garment=bottom)
    return made


def test_both_pieces_of_a_combo_were_tried_on(alice, bob):
    top, bottom = factories.garment(sku="T"), factories.garment("lower_body", sku="B")
    combo(alice, Status.FAILED, top, bottom)
    combo(alice, Status.COMPLETED, top, bottom)
    flagged = combo(alice, Status.COMPLETED, factories.garment(sku="U"), bottom)
    Result.objects.filter(try_on=flagged).update(flagged_at=factories.NOW)
    TryOn.objects.filter(pk=flagged.pk).update(duration_seconds=30.0)
    alone = factories.try_on(bob, Status.COMPLETED)
    TryOn.objects.filter(pk=alone.pk).update(
        garment=bottom, garment_kind="lower_body", duration_seconds=10.0
    )
    for fan in (alice, bob):
        fan.favourite_garments.add(bottom)
    told = {row["garment"]: row for row in statistics.garment_health(factories.NOW, 30)}
    row = told[bottom]
    assert (row["tries"], row["failed"], row["flags"]) == (4, 1, 1)
    assert (row["hearts"], row["seconds"], row["share"]) == (2, 20.0, 50)
    assert (told[top]["tries"], told[top]["failed"], told[top]["hearts"]) == (2, 1, 0)
    most = statistics.overview(factories.NOW, 30)["garments"]
    assert [(row.sku, row.n) for row in most] == [("B", 4), ("T", 2), ("U", 1)]


def test_what_was_tried_before_the_period_says_nothing_of_a_piece(alice):
    made = factories.try_on(
        alice, Status.FAILED, created_at=factories.NOW - timedelta(days=31)
    )
    assert statistics.garment_health(factories.NOW, 30) == []
    told = statistics.garment_health(factories.NOW, 90)
    assert [row["garment"] for row in told] == [made.garment]


def test_no_piece_of_a_customers_own_and_no_retired_one(alice):
    own = factories.garment(owner=alice)
    factories.try_on(alice, Status.FAILED, garment=own)
    retired = factories.garment(retired_at=factories.NOW)
    factories.try_on(alice, Status.FAILED, garment=retired)
    assert statistics.garment_health(factories.NOW, 30) == []
    assert statistics.overview(factories.NOW, 30)["garments"] == [retired]


def test_as_many_queries_for_many_pieces(alice, django_assert_num_queries):
    for n in range(6):
        combo(alice, Status.FAILED, factories.garment(sku=f"Q{n}"), factories.garment())
    with django_assert_num_queries(4):
        assert len(statistics.garment_health(factories.NOW, 30)) == 12
    with django_assert_num_queries(8):
        assert len(statistics.overview(factories.NOW, 30)["garments"]) == 10


def test_requests_and_credits_of_the_period(alice):
    key, made = factories.key("a"), factories.try_on(alice, Status.COMPLETED)
    for back, kind, outcome in (
        (0, "submit", "accepted"),
        (1, "poll", "running"),
        (2, "submit", "refused"),
        (40, "submit", "accepted"),
    ):
        at = factories.NOW - timedelta(days=back)
        ApiRequest.objects.create(
            key=key,
            try_on=made,
            kind=kind,
            outcome=outcome,
            token=made.token,
            planned_at=at,
            sent_at=at,
            answered_at=at,
        )
    told = statistics.overview(factories.NOW, 30)
    assert (told["requests"], told["credits"]) == (3, 1)


def test_who_may(as_alice):
    for page in (INSIGHT, HEALTH, "/admin/tryon/catalogueimport/start/"):
        assert as_alice.get(page).status_code == 302


def test_the_index_leads_to_all(as_staff):
    html = as_staff.get("/admin/").content.decode()
    for word in ("review/", "health/", "start/", "garments/", "insight/"):
        assert word in html
