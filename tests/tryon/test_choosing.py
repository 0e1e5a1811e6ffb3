"""The clothes a person can choose from: which, in what order, page by page."""

from datetime import timedelta

import pytest
from django.core.paginator import Paginator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.factories import NOW
from tryon import choosing


@pytest.fixture
def clothes(alice, bob):
    """Three of Alice's own, one of Bob's, five of the catalogue, a retired one each."""
    for n in range(1, 4):
        at = NOW + timedelta(minutes=n)
        factories.garment("upper_body", name=f"mine {n}", owner=alice, now=at)
    factories.garment("upper_body", name="his", owner=bob)
    for sku, kind in zip(
        "edcba", ["upper_body", "lower_body"] * 2 + ["full_body"], strict=True
    ):
        factories.garment(kind, name=f"Piece {sku}", sku=sku)
    factories.garment("upper_body", name="gone", sku="0", retired_at=NOW)
    factories.garment("upper_body", name="mine, gone", owner=alice, retired_at=NOW)


def pages(rack: choosing.Rack, size: int) -> list[list[str]]:
    return [[row.name for row in page] for page in Paginator(rack, size)]


MINE = ["mine 3", "mine 2", "mine 1"]
SHOPS = [f"Piece {sku}" for sku in "abcde"]


@pytest.mark.parametrize("size", range(1, 10))
def test_own_pieces_then_the_catalogue(clothes, alice, size):
    found = pages(choosing.rack(alice), size)
    assert [name for page in found for name in page] == MINE + SHOPS
    assert {len(page) for page in found[:-1]} <= {size}


def test_without_an_account(clothes):
    assert pages(choosing.rack(None), 9) == [SHOPS]
    for of in ("mine", "favourites"):
        assert pages(choosing.rack(None, of=of), 9) == [[]]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"of": "mine"}, MINE),
        ({"of": "catalogue"}, SHOPS),
        ({"slot": "bottom"}, ["Piece b", "Piece d"]),
        ({"slot": "top", "of": "catalogue"}, ["Piece c", "Piece e"]),
        ({"slot": "nonsense"}, MINE + SHOPS),
        ({"query": "PIECE"}, SHOPS),
        ({"query": " Piece C "}, ["Piece c"]),
        ({"query": "B", "slot": "bottom"}, ["Piece b"]),  # the SKU as a whole
        ({"query": "piece", "slot": "full"}, ["Piece a"]),
        ({"query": "his"}, []),
        ({"query": "\x00"}, MINE + SHOPS),
    ],
)
def test_filters(clothes, alice, asked, found):
    assert pages(choosing.rack(alice, **asked), 9) == [found]


def test_favourites(clothes, alice):
    rack = choosing.rack(alice)
    alice.favourite_garments.add(rack[1:2][0], rack[4:5][0])
    assert pages(choosing.rack(alice, of="favourites"), 9) == [["mine 2", "Piece b"]]


def test_no_page_sorts_the_catalogue(clothes, alice):
    with CaptureQueriesContext(connection) as asked:
        list(choosing.rack(alice)[0:60])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # it sorts ten rows unless forbidden
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        verb = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
        plans = []
        for query in asked.captured_queries:
            cursor.execute(f"{verb} {query['sql']}")
            plans += [str(row[-1]) for row in cursor.fetchall()]
    assert not [step for step in plans if "TEMP B-TREE" in step or "Sort" in step]
    assert any("garment_shown" in step for step in plans)
