"""A zip in the admin: looked through, taken in once, whatever happens meanwhile."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.catalogues import GOOD, csv_of, zipped
from tests.factories import NOW, picture_bytes
from tests.pages import flat
from tryon import tasks
from tryon.models import CatalogueImport, Garment
from tryon.models.claims import LEASE
from tryon.pictures import normalise, storage
from tryon.services import catalogue, catalogue_imports

BEGIN = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)
# An S3 server takes no request with another time than its own.
moved_clock = pytest.mark.usefixtures("on_disk")
START = "/admin/tryon/catalogueimport/start/"


def lines(n: int) -> list[list[str]]:
    return [[f"S-{i}", f"Piece {i}", "tops", f"{i}.jpg", ""] for i in range(n)]


def pictures(n: int) -> dict[str, bytes]:
    return {f"{i}.jpg": picture_bytes() for i in range(n)}


@pytest.fixture
def five(staff):
    """Five pieces, asked for at `BEGIN`."""
    return catalogue_imports.request_import(
        by=staff, file=zipped(csv_of(*lines(5)), pictures(5)), now=BEGIN
    )


def state(row) -> str:
    row.refresh_from_db()
    return str(row.state)


def done(row) -> bool:
    """Looked through and taken in."""
    catalogue_imports.continue_import(pk=str(row.pk), now=timezone.now())
    catalogue_imports.begin_import(row=row)
    catalogue_imports.continue_import(pk=str(row.pk), now=timezone.now())
    return state(row) == "done"


def at_line(monkeypatch, number: int, act) -> None:
    """`act` is called once, when the picture of this line (from 0) is decoded."""
    read, seen = normalise.read_garment, []

    def acting(file):
        seen.append(file)
        if len(seen) == number + 1:
            act()
        return read(file)

    monkeypatch.setattr(normalise, "read_garment", acting)


# --- in the admin ------------------------------------------------------------------


def upload(client, file) -> tuple[CatalogueImport, str]:
    response = client.post(START, {"file": file})
    row = CatalogueImport.objects.get()
    tasks.work_import(str(row.pk))
    row.refresh_from_db()
    return row, response["Location"]


def test_a_zip_in_the_admin_dry_first(
    as_staff, media_files, django_capture_on_commit_callbacks
):
    bad = [*GOOD]
    bad[0], bad[1] = "S-7", ""
    file = zipped(csv_of(GOOD, bad), {"a.jpg": picture_bytes()}, folder="shop/")
    row, page = upload(as_staff, file)
    assert not Garment.objects.exists()
    assert any(name.startswith("import-") for name in media_files())
    html = flat(as_staff.get(page).content.decode())
    assert "1 new, 0 changed, 0 with another picture, 0 unchanged, 1 not." in html
    assert "<td>3</td><td>S-7</td><td>no name</td>" in html
    as_staff.post(page)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.work_import(str(row.pk))
    assert Garment.objects.get().sku == "S-1"
    as_staff.post(page)
    tasks.work_import(str(row.pk))
    row.refresh_from_db()
    assert (row.state, Garment.objects.count()) == ("done", 1)
    assert not any(name.startswith("import-") for name in media_files())


@pytest.mark.parametrize("ticked", [False, True])
def test_changed_pictures_have_a_box(as_staff, ticked):
    file = zipped(csv_of(GOOD), {"a.jpg": picture_bytes()})
    with catalogue.open_shop(file) as shop:
        catalogue.import_shop(shop, now=NOW, dry=False)
    before = Garment.objects.get().stem
    file = zipped(csv_of(GOOD).encode("cp1252"), {"a.jpg": picture_bytes()})
    row, page = upload(as_staff, file)
    html = as_staff.get(page).content.decode()
    assert "1 picture is another than the one here: S-1" in html
    assert 'name="replace_pictures"' in html
    as_staff.post(page, {"replace_pictures": "on"} if ticked else {})
    tasks.work_import(str(row.pk))
    row.refresh_from_db()
    assert (row.state, row.pictures_replaced) == ("done", int(ticked))
    assert (Garment.objects.get().stem != before) == ticked


def test_the_notes_are_shown(as_staff):
    text = csv_of(["S-1", "Überwurf", "Oberteil", "a.jpg", ""]).encode("cp1252")
    _row, page = upload(as_staff, zipped(text, {"a.jpg": picture_bytes()}))
    html = as_staff.get(page).content.decode()
    assert "Windows-1252" in html
    assert "Überwurf" in html


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"no zip", "This is no zip that can be read."),
        (zipped("a,b\n", {}).getvalue(), "The CSV has no column sku"),
        (b"PK\x03\x04" + b"\0" * 40, "This is no zip that can be read."),
        (zipped("", {}, csv_name="x.txt").getvalue(), "There is no catalogue.csv"),
    ],
)
def test_what_is_no_catalogue(
    as_staff, data, told, media_files, django_capture_on_commit_callbacks
):
    file = io.BytesIO(data)
    file.name = "x.zip"
    with django_capture_on_commit_callbacks(execute=True):
        row, page = upload(as_staff, file)
    assert row.state == "unreadable"
    assert told in as_staff.get(page).content.decode()
    assert media_files() == []


def test_what_is_broken_in_it_is_told_and_nothing_is_looked_through_for_ever(as_staff):
    """A torn member, an over-long line, a name that is none, a number for a SKU."""
    rows = [[f"S-{n}", "Piece", "top", "a.jpg", ""] for n in range(5)]
    rows[1][3], rows[2][1], rows[3][3] = "torn.jpg", "x" * 200_000, "a\x00/\ud7ff.jpg"
    rows[4][0] = "1.23457E+12"
    torn = picture_bytes()
    whole = zipped(csv_of(*rows), {"a.jpg": picture_bytes(), "torn.jpg": torn})
    data = bytearray(whole.getvalue())
    at = data.index(b"torn.jpg") + 60
    data[at : at + 40] = b"\xff" * 40
    file = io.BytesIO(bytes(data))
    file.name = "shop.zip"
    row, page = upload(as_staff, file)
    assert (row.state, row.new) == ("checked", 1)
    assert [line for line, _sku, _sentence in row.problems] == [3, 4, 5, 6]
    html = as_staff.get(page).content.decode()
    for told in ("is damaged", "longer than 80", "is not there", "has shortened"):
        assert told in html


def test_problems_are_told_in_the_senders_language(as_staff):
    file = zipped(csv_of(["", *GOOD[1:]]), {"a.jpg": picture_bytes()})
    as_staff.post(START, {"file": file}, headers={"Accept-Language": "de"})
    row = CatalogueImport.objects.get()
    catalogue_imports.continue_import(pk=str(row.pk), now=timezone.now())
    row.refresh_from_db()
    assert row.told_problems == [(2, "", "keine SKU")]


def test_problems_of_an_earlier_release_are_shown(as_staff):
    row = CatalogueImport.objects.create(
        created_at=NOW, state="checked", problems=[[2, "no SKU"]]
    )
    page = as_staff.get(f"/admin/tryon/catalogueimport/{row.pk}/look/")
    assert "<td>2</td><td></td><td>no SKU</td>" in flat(page.content.decode())


def test_one_whose_task_was_lost_is_found(five):
    assert catalogue_imports.find_waiting(now=BEGIN + timedelta(seconds=59)) == []
    assert catalogue_imports.find_waiting(now=BEGIN + timedelta(seconds=61)) == [five]


def test_zips_that_nobody_takes_in_go(
    five, media_files, django_capture_on_commit_callbacks
):
    catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
    catalogue_imports.purge(now=BEGIN + timedelta(days=29))
    assert state(five) == "checked"
    with django_capture_on_commit_callbacks(execute=True):
        catalogue_imports.purge(now=BEGIN + timedelta(days=31))
    assert not CatalogueImport.objects.exists()
    assert media_files() == []


# --- claims --------------------------------------------------------------------------


@pytest.mark.parametrize("wait", [normalise.Busy, storage.Away("full")])
def test_busy_or_away_goes_on_at_the_next_round(five, monkeypatch, wait):
    """Both while it is looked through and while it is taken in; the count is right."""

    def stop():
        raise wait

    for verb in (lambda: None, lambda: catalogue_imports.begin_import(row=five)):
        verb()
        with monkeypatch.context() as patched:
            at_line(patched, 2, stop)
            assert (
                catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
                == []
            )
        assert catalogue_imports.find_waiting(now=timezone.now()) == [five]
        assert state(five) in ("checking", "importing")
        assert five.attempts == 0
        catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
        assert state(five) in ("checked", "done")
        assert (five.new, five.problems) == (5, [])
    assert state(five) == "done"
    assert Garment.objects.count() == 5


def test_storage_away_at_the_beginning(five, monkeypatch):
    def away(*args):
        raise storage.Away("gone")

    with monkeypatch.context() as patched:
        patched.setattr(storage, "copy", away)
        for _ in range(5):
            catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
    assert (state(five), five.attempts) == ("checking", 0)
    assert done(five)


class Killed(BaseException):
    pass


def killed(monkeypatch, line: int) -> None:
    def kill():
        raise Killed

    monkeypatch.setattr(CatalogueImport, "give_back", lambda *args, **kwargs: None)
    at_line(monkeypatch, line, kill)


@moved_clock
def test_killed_while_taking_in_it_goes_on_behind_what_is_there(five, monkeypatch):
    catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
    catalogue_imports.begin_import(row=five)
    with time_machine.travel(BEGIN + timedelta(hours=1), tick=False) as clock:
        with monkeypatch.context() as patched:
            killed(patched, 3)
            with pytest.raises(Killed):
                catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
        assert (state(five), five.done, five.new) == ("importing", 3, 3)
        assert catalogue_imports.find_waiting(now=timezone.now()) == []
        clock.shift(LEASE + timedelta(seconds=1))
        assert catalogue_imports.find_waiting(now=timezone.now()) == [five]
        catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
    assert (state(five), five.new, five.unchanged) == ("done", 5, 0)


@moved_clock
def test_killed_three_times_it_failed_and_is_looked_through_again(
    as_staff, five, monkeypatch
):
    with time_machine.travel(BEGIN, tick=False) as clock:
        for _ in range(3):
            with monkeypatch.context() as patched:
                killed(patched, 0)
                with pytest.raises(Killed):
                    catalogue_imports.continue_import(
                        pk=str(five.pk), now=timezone.now()
                    )
            clock.shift(LEASE + timedelta(seconds=1))
        catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
        assert state(five) == "failed"
        assert catalogue_imports.find_waiting(now=timezone.now() + LEASE) == []
    page = f"/admin/tryon/catalogueimport/{five.pk}/look/"
    html = as_staff.get(page).content.decode()
    assert "It was tried three times." in html
    assert "Look it through again" in html
    as_staff.post(page)
    assert state(five) == "checking"
    assert done(five)


@moved_clock
def test_an_hour_of_steady_progress_is_one_attempt(staff, monkeypatch):
    monkeypatch.setattr(catalogue_imports, "TELL_EVERY", 0)
    with time_machine.travel(BEGIN, tick=False) as clock:
        row = catalogue_imports.request_import(
            by=staff, file=zipped(csv_of(*lines(8)), pictures(8)), now=BEGIN
        )
        read = normalise.read_garment

        def slow(file):
            clock.shift(timedelta(minutes=9))
            assert catalogue_imports.find_waiting(now=timezone.now()) == []
            catalogue_imports.continue_import(pk=str(row.pk), now=timezone.now())
            return read(file)

        monkeypatch.setattr(normalise, "read_garment", slow)
        catalogue_imports.continue_import(pk=str(row.pk), now=BEGIN)
        assert (state(row), row.new) == ("checked", 8)
        catalogue_imports.begin_import(row=row)
        catalogue_imports.continue_import(pk=str(row.pk), now=timezone.now())
        assert timezone.now() - BEGIN > timedelta(hours=2)
    assert (state(row), row.new, row.attempts) == ("done", 8, 1)


@moved_clock
def test_a_late_end_does_not_flip_the_state(five, monkeypatch):
    """Looked through by a second, begun by staff; then the first one comes back."""
    with time_machine.travel(BEGIN, tick=False) as clock:

        def overtaken():
            clock.shift(LEASE + timedelta(seconds=1))
            catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
            assert catalogue_imports.begin_import(row=five)

        at_line(monkeypatch, 4, overtaken)
        catalogue_imports.continue_import(pk=str(five.pk), now=timezone.now())
    assert (state(five), five.done) == ("importing", 0)
    assert catalogue_imports.find_waiting(now=BEGIN + timedelta(hours=1)) == [five]


@pytest.mark.django_db(transaction=True)
def test_two_real_workers_one_taken_for_dead(staff, monkeypatch):
    row = catalogue_imports.request_import(
        by=staff, file=zipped(csv_of(*lines(4)), pictures(4)), now=BEGIN
    )
    catalogue_imports.continue_import(pk=str(row.pk), now=timezone.now())
    catalogue_imports.begin_import(row=row)
    stands, goes_on = threading.Event(), threading.Event()

    def stand():
        stands.set()
        assert goes_on.wait(20)

    at_line(monkeypatch, 1, stand)

    def first():
        try:
            return catalogue_imports.continue_import(pk=str(row.pk), now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert stands.wait(20)
        made = catalogue_imports.continue_import(
            pk=str(row.pk), now=timezone.now() + 2 * LEASE
        )
        assert state(row) == "done"
        goes_on.set()
        assert running.result(20) == []
    assert len(made) == 3
    assert (state(row), row.new, row.attempts) == ("done", 4, 2)
    assert Garment.objects.count() == 4
