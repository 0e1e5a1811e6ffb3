"""What the last weeks were like, and which garments waste money."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tryon import insight
from tryon.models import Result, Status, TryOn

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
    TryOn.objects.filter(status=Status.COMPLETED).update(duration_seconds=20.0)
    return made


def test_figures_of_the_period(weeks):
    told = insight.overview(timezone.now(), 30)
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
    rows = insight.garment_health()
    assert [row["garment"] for row in rows] == [bad, good]
    html = as_staff.get(HEALTH).content.decode()
    assert "3 of 5 failed: replace its picture" in html


def test_who_may(as_alice):
    for page in (INSIGHT, HEALTH, "/admin/tryon/catalogueimport/start/"):
        assert as_alice.get(page).status_code == 302


def test_the_index_leads_to_all(as_staff):
    html = as_staff.get("/admin/").content.decode()
    for word in ("review/", "health/", "start/", "garments/", "insight/"):
        assert word in html
