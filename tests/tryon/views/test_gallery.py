import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tests.factories import NOW
from tests.pages import flat
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
        link = flat(html).partition('">Older</a>')[0].rpartition('href="')[2]
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


def cards(client, address) -> list[str]:
    html = client.get(address).content.decode()
    return [part.split('"')[0] for part in html.split('data-card="')[1:]]


def test_newer_leads_back_to_the_same_page(as_alice, alice):
    fill(alice, 150)

    def link(html: str, word: str) -> str:
        return flat(html).partition(f'">{word}</a>')[0].rpartition('href="')[2]

    first = cards(as_alice, "/gallery/")
    html = as_alice.get("/gallery/").content.decode()
    second_address = "/gallery/" + link(html, "Older")
    second = cards(as_alice, second_address)
    html = as_alice.get(second_address).content.decode()
    third_address = "/gallery/" + link(html, "Older")
    html = as_alice.get(third_address).content.decode()
    assert cards(as_alice, "/gallery/" + link(html, "Newer")) == second
    html = as_alice.get(second_address).content.decode()
    assert cards(as_alice, "/gallery/" + link(html, "Newer")) == first


def test_rows_of_the_same_moment_are_neither_lost_nor_doubled(as_alice, alice):
    fill(alice, 130)
    TryOn.objects.update(created_at=NOW)
    first = cards(as_alice, "/gallery/")
    html = as_alice.get("/gallery/").content.decode()
    link = flat(html).partition('">Older</a>')[0].rpartition('href="')[2]
    second = cards(as_alice, f"/gallery/{link}")
    assert len(set(first) | set(second)) == 120


def test_filters_by_state_date_favourite_and_words(as_alice, alice):
    new = timezone.now()
    done = factories.try_on(alice, Status.COMPLETED, created_at=new)
    failed = factories.try_on(alice, Status.FAILED, created_at=new)
    old = factories.try_on(alice, Status.COMPLETED, created_at=new - timedelta(days=20))
    TryOn.objects.filter(pk=old.pk).update(favourite_at=new)
    factories.rename(done.garment, "Linen dress")
    for query, expected in {
        "state=ready": {done, old},
        "state=trouble": {failed},
        "state=making": set(),
        "days=7": {done, failed},
        "days=30": {done, failed, old},
        "favourites=1": {old},
        "q=linen": {done},
        "q=LINEN&state=trouble": set(),
        f"garment={done.garment_id}": {done},
        f"garment={done.garment_id}&days=1&q=wool": set(),
        f"garment={uuid.uuid4()}": set(),
        "garment=nonsense": {done, failed, old},
        "q=%00&state=nonsense&days=x&kind=y": {done, failed, old},
    }.items():
        found = set(cards(as_alice, f"/gallery/?{query}"))
        assert found == {str(row.pk) for row in expected}, query


def test_all_pictures_with_one_piece(as_alice, as_bob, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    secret = factories.garment(owner=alice)
    factories.rename(secret, "My old coat")
    page = as_alice.get(f"/try-on/{done.pk}/").content.decode()
    link = f"/gallery/?garment={done.garment_id}"
    assert f'href="{link}"' in page
    html = as_alice.get(link).content.decode()
    assert f"<bdi>{done.garment.label}</bdi><svg" in flat(html)
    assert html.count('aria-current="true"') == 1  # this piece, not "All"
    # A stranger learns no name.
    html = as_bob.get(f"/gallery/?garment={secret.pk}").content.decode()
    assert "My old coat" not in html
    assert "One piece" in html


def test_an_empty_filter_leads_back(as_alice):
    html = as_alice.get("/gallery/?favourites=1").content.decode()
    assert "No favourites among these yet." in html
    assert "Show all" in html


def test_select_mode_has_boxes_instead_of_links(as_alice, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    html = as_alice.get("/gallery/?select=1").content.decode()
    assert f'type="checkbox" name="id" value="{done.pk}"' in flat(html)
    assert f'href="/try-on/{done.pk}/"' not in html


def test_what_came_in_meanwhile_is_counted(as_alice, alice):
    factories.try_on(alice, Status.COMPLETED, created_at=NOW)
    later = factories.try_on(alice, created_at=NOW + timedelta(seconds=1))
    told = as_alice.get("/try-on/updates/", {"newest": NOW.isoformat()}).json()
    assert told["newer"] == 1
    assert later.is_under_way
    for text in ("nonsense", "2026-13-45T00:00:00Z", "2026-05-12T00:00:00"):
        assert "newer" not in as_alice.get("/try-on/updates/", {"newest": text}).json()


@pytest.mark.parametrize(
    "before",
    ["nonsense", "2026-13-45T00:00:00Z", "2026-05-12", "0001-01-01T00:00:00+14:00"],
)
def test_nonsense_in_the_address(as_alice, before):
    for name in ("before", "after"):
        for tail in ("", "_x", f"_{uuid.uuid4()}"):
            response = as_alice.get("/gallery/", {name: before + tail})
            assert response.status_code == 200


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
