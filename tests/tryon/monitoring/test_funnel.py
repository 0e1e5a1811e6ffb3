"""How far shoppers went on product pages: as a page, and as a CSV."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tryon.models import EmbedCount, EmbedStep, Status, TryOn
from tryon.monitoring import funnel
from tryon.services import deletion

SHOP = "https://shop.example.org"
ADDRESS = "/admin/tryon/embedcount/funnel/"


@pytest.fixture
def counted(db):
    now = timezone.now()
    for step, count in (("shown", 40), ("opened", 9), ("tried", 3), ("basket", 1)):
        EmbedCount.add(EmbedStep(step), origin=SHOP, sku="FR-1", now=now, count=count)
    EmbedCount.add(EmbedStep.OPENED, origin="", sku="", now=now)
    old = now - timedelta(days=40)
    EmbedCount.add(EmbedStep.OPENED, origin=SHOP, sku="FR-1", now=old, count=100)


def test_by_page_and_by_garment(counted):
    told = funnel.build_funnel(timezone.now(), 30)
    assert told["total"] == [40, 10, 0, 3, 0, 1]
    assert told["origins"] == [
        {"name": SHOP, "counts": [40, 9, 0, 3, 0, 1]},
        {"name": "not told", "counts": [0, 1, 0, 0, 0, 0]},
    ]
    assert [line["name"] for line in told["garments"]] == ["FR-1", "of one's own"]


def test_as_a_page_and_as_a_csv(counted, as_staff, as_alice):
    html = as_staff.get(ADDRESS).content.decode()
    assert SHOP in html and "Into the basket" in html
    response = as_staff.get(f"{ADDRESS}?days=90&format=csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [row["opened"] for row in rows] == ["100", "1", "9"]
    assert rows[2]["origin"] == SHOP and rows[2]["basket"] == "1"
    assert as_alice.get(ADDRESS).status_code == 302


def test_a_try_on_counts_itself(alice, now):
    """In the transaction of its move, and only if it came from a product page."""
    piece = factories.garment(sku="FR-1")
    for origin in (SHOP, None):
        made = factories.try_on(alice, Status.FETCHING, garment=piece)
        if origin is not None:
            TryOn.objects.filter(pk=made.pk).update(source="embed", origin=origin)
            made.refresh_from_db()
        made.move(Status.COMPLETED, now=now)
    row = EmbedCount.objects.get()
    assert (row.step, row.origin, row.sku, row.count) == ("ready", SHOP, "FR-1", 1)


def test_they_are_kept_for_more_than_a_year(db):
    now = timezone.now()
    for days in (399, 402):
        then = now - timedelta(days=days)
        EmbedCount.add(EmbedStep.OPENED, origin=SHOP, sku="FR-1", now=then)
    deletion.clear_api_records(now=now)
    assert EmbedCount.objects.count() == 1
