"""The clothes a person can choose from: which, in what order, page by page."""

import uuid
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.paginator import Paginator
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.factories import NOW
from tryon import tasks
from tryon.models import Garment
from tryon.presentation import garment_list


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


def pages(rack: garment_list.Rack, size: int) -> list[list[str]]:
    return [[row.name for row in page] for page in Paginator(rack, size)]


MINE = ["mine 3", "mine 2", "mine 1"]
SHOPS = [f"Piece {sku}" for sku in "abcde"]


@pytest.mark.parametrize("size", range(1, 10))
def test_own_pieces_then_the_catalogue(clothes, alice, size):
    found = pages(garment_list.list_garments(alice), size)
    assert [name for page in found for name in page] == MINE + SHOPS
    assert {len(page) for page in found[:-1]} <= {size}


def test_without_an_account(clothes):
    assert pages(garment_list.list_garments(None), 9) == [SHOPS]
    for of in ("mine", "favourites"):
        assert pages(garment_list.list_garments(None, of=of), 9) == [[]]


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
    assert pages(garment_list.list_garments(alice, **asked), 9) == [found]


def test_the_same_word_however_it_is_written(db):
    for name in ("Ärmelloses Top", "Cafe\u0301-Schürze", "İpek Straße", "100 % Wool_A"):
        factories.garment(name=name, sku=f"Nº {name[0]}")
    for query, found in {
        "ÄRMELLOSES": "Ärmelloses Top",
        "armelloses": "Ärmelloses Top",
        "CAFÉ": "Cafe\u0301-Schürze",
        "cafe\u0301": "Cafe\u0301-Schürze",
        "ipek": "İpek Straße",
        "STRASSE": "İpek Straße",
        "nº a": "Ärmelloses Top",
        "0 % w": "100 % Wool_A",
        "l_a": "100 % Wool_A",
    }.items():
        assert [
            row.name for row in garment_list.list_garments(None, query=query)[0:9]
        ] == [found]
    for query in ("_", "top nº", "0%w", "x" * 60_000):
        expected = ["100 % Wool_A"] if query == "_" else []
        assert [
            r.name for r in garment_list.list_garments(None, query=query)[0:9]
        ] == expected


def test_each_way_to_write_a_garment_keeps_what_is_searched(db):
    garment = factories.garment(name="Mantel", sku="M-1")
    garment.name = "Überwurf"
    garment.save(update_fields=["name"])
    assert garment_list.list_garments(None, query="uberwurf")[0] == garment
    copy = Garment.objects.get(pk=garment.pk)
    copy.pk, copy.stem, copy.sku, copy.source_sha256 = uuid.uuid4(), "x", "M-2", "2"
    copy.name = "Étole"
    Garment.objects.bulk_create([copy])
    assert garment_list.list_garments(None, query="etole")[0] == copy
    with pytest.raises(ValueError, match="written by"):
        Garment.objects.update(name="Étole")


def test_what_an_earlier_release_wrote_meanwhile_is_found_a_minute_later(db):
    garment = factories.garment(name="Überwurf")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tryon_garment SET search_text = ''")
    tasks.make_searchable()
    assert garment_list.list_garments(None, query="UBERWURF")[0] == garment


def test_old_rows_are_filled(db, monkeypatch):
    """By the migration, batch by batch."""
    migration = import_module("tryon.migrations.0027_garment_search_filled")
    monkeypatch.setattr(migration, "BATCH", 2)
    rows = {factories.garment(name=f"Ä {n}").pk for n in range(5)}
    kept = dict(Garment.objects.values_list("pk", "search_text"))
    Garment.objects.update(search_text="")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert dict(Garment.objects.values_list("pk", "search_text")) == kept
    assert kept.keys() == rows


def test_favourites(clothes, alice):
    rack = garment_list.list_garments(alice)
    alice.favourite_garments.add(rack[1:2][0], rack[4:5][0])
    assert pages(garment_list.list_garments(alice, of="favourites"), 9) == [
        ["mine 2", "Piece b"]
    ]


def test_no_page_sorts_the_catalogue(clothes, alice):
    with CaptureQueriesContext(connection) as asked:
        list(garment_list.list_garments(alice)[0:60])
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
