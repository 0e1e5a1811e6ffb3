import uuid
from datetime import timedelta

import pytest

from tests import factories
from tests.factories import NOW
from tryon.models import Result, Status, TryOn


def fill(owner, n: int) -> None:
    photo, piece = factories.photo(owner), factories.garment(sku=uuid.uuid4().hex)
    rows = [
        TryOn(
            owner=owner,
            photo=photo,
            garment=piece,
            mode="single",
            garment_kind="upper_body",
            status=Status.COMPLETED,
            remote_id="r",
            submitted_at=NOW,
            finished_at=NOW,
            created_at=NOW - timedelta(minutes=n),
        )
        for n in range(n)
    ]
    TryOn.objects.bulk_create(rows)
    Result.objects.bulk_create(
        Result(
            try_on=row,
            created_at=NOW,
            stem=f"result-{uuid.uuid4().hex[:22]}",
            width=3,
            height=4,
            mean_color="#888888",
        )
        for row in rows
    )


def test_empty(as_alice):
    assert "Your pictures will hang here." in as_alice.get("/gallery/").content.decode()


def test_a_card_for_each_state(as_alice, alice):
    for status in Status:
        factories.try_on(alice, status)
    html = as_alice.get("/gallery/").content.decode()
    for status in Status:
        assert f"state-{status}" in html
    assert html.count("<h1") == 1


def test_pages_by_key_survive_new_items(as_alice, alice):
    fill(alice, 130)
    seen = []
    address = "/gallery/"
    while address:
        html = as_alice.get(address).content.decode()
        seen += [part.split('"')[0] for part in html.split('data-card="')[1:]]
        factories.try_on(alice, created_at=NOW + timedelta(hours=len(seen)))
        link = html.partition('">Older</a>')[0].rpartition('href="')[2]
        address = f"/gallery/{link}" if "before" in link else None
    assert len(seen) == len(set(seen)) == 130


def test_filters_by_kind(as_alice, alice):
    top = factories.try_on(alice, Status.COMPLETED)
    combo = factories.try_on(alice, Status.COMPLETED, combo=True)
    tops = as_alice.get("/gallery/?kind=top").content.decode()
    assert str(top.pk) in tops and str(combo.pk) not in tops
    combos = as_alice.get("/gallery/?kind=combo").content.decode()
    assert str(combo.pk) in combos and str(top.pk) not in combos
    assert (
        "Nothing of this kind" in as_alice.get("/gallery/?kind=full").content.decode()
    )


@pytest.mark.parametrize(
    "before",
    ["nonsense", "2026-13-45T00:00:00Z", "2026-05-12", "0001-01-01T00:00:00+14:00"],
)
def test_nonsense_in_the_address(as_alice, before):
    assert as_alice.get("/gallery/", {"before": before}).status_code == 200


def test_queries_are_constant_with_5_and_500_results(
    as_alice, alice, django_assert_num_queries
):
    fill(alice, 5)
    as_alice.get("/gallery/")
    with django_assert_num_queries(4) as few:
        as_alice.get("/gallery/")
    fill(alice, 495)
    with django_assert_num_queries(len(few)):
        as_alice.get("/gallery/")
