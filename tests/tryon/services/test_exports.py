"""An export ends once: however long it takes, whoever dies, however often asked."""

import io
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import factories
from tryon import tasks
from tryon.models import Export, PendingDeletion, Status
from tryon.models.claims import LEASE
from tryon.pictures import normalise, storage
from tryon.services import exports, file_deletion

BEGIN = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)
# An S3 server takes no request with another time than its own.
moved_clock = pytest.mark.usefixtures("on_disk")


@pytest.fixture
def done(alice):
    return [factories.try_on(alice, Status.COMPLETED) for _ in range(3)]


@pytest.fixture
def export(alice, done):
    return exports.request_export(owner=alice, try_ons=done, now=BEGIN)


def state(export) -> str:
    export.refresh_from_db()
    return str(export.state)


def zips(names) -> list[str]:
    return [name for name in names if name.startswith("export-")]


def meanwhile(monkeypatch, act) -> None:
    """`act` is called with the number of each picture before it is packed."""
    labelled, numbers = normalise.labelled, iter(range(1000))

    def packed(data):
        act(next(numbers))
        return labelled(data)

    monkeypatch.setattr(normalise, "labelled", packed)


@moved_clock
def test_an_hour_of_steady_progress_completes_once(
    alice, export, done, media_files, monkeypatch
):
    """Each picture takes twenty minutes less a bit; `tend` asks again all the time."""
    with time_machine.travel(BEGIN, tick=False) as clock:

        def slow(_n):
            for _ in range(9):
                clock.shift(timedelta(minutes=1))
                assert exports.find_waiting(now=timezone.now()) == []
                exports.make(pk=str(export.pk), now=timezone.now())

        rows = [*done, *(factories.try_on(alice, Status.COMPLETED) for _ in range(4))]
        Export.objects.update(try_ons=[str(row.pk) for row in rows], total=len(rows))
        meanwhile(monkeypatch, slow)
        exports.make(pk=str(export.pk), now=timezone.now())
        assert timezone.now() - BEGIN > timedelta(hours=1)
    assert state(export) == "ready"
    assert (export.attempts, export.done) == (1, 7)
    assert zips(media_files()) == [export.file_name]


@moved_clock
def test_one_taken_for_dead_stops_and_leaves_nothing(
    alice, export, media_files, monkeypatch, django_capture_on_commit_callbacks
):
    packed = []
    with time_machine.travel(BEGIN, tick=False) as clock:

        def stuck(n):
            packed.append(n)
            if n == 0:  # then the second maker makes it, and the first goes on
                clock.shift(LEASE + timedelta(seconds=1))
                assert exports.find_waiting(now=timezone.now()) == [export]
                exports.make(pk=str(export.pk), now=timezone.now())
                assert state(export) == "ready"

        meanwhile(monkeypatch, stuck)
        with django_capture_on_commit_callbacks(execute=True):
            exports.make(pk=str(export.pk), now=timezone.now())
    assert packed == [0, 1, 2, 3]  # the first one's, and all three of the second
    assert state(export) == "ready"
    assert zips(media_files()) == [export.file_name]
    assert storage.read(export.file_name)


@moved_clock
def test_a_late_end_changes_nothing_and_its_file_goes(
    export, media_files, monkeypatch, django_capture_on_commit_callbacks
):
    """Silent while storage takes the zip: another has the claim when it is there."""
    save, names = storage.save, []

    def slow(name, content):
        save(name, content)
        names.append(name)
        if len(names) == 1:
            exports.make(pk=str(export.pk), now=BEGIN + 2 * LEASE)
            Export.objects.update(state="making")  # as if it were not even ready

    monkeypatch.setattr(storage, "save", slow)
    with (
        time_machine.travel(BEGIN, tick=False),
        django_capture_on_commit_callbacks(execute=True),
    ):
        exports.make(pk=str(export.pk), now=BEGIN)
    assert state(export) == "making"
    assert export.file_name == names[1]
    file_deletion.finish()
    assert zips(media_files()) == [names[1]]
    assert not PendingDeletion.objects.exists()


@moved_clock
def test_an_upload_is_progress_too(export, monkeypatch):
    monkeypatch.setattr(exports, "TELL_EVERY", -1)
    with time_machine.travel(BEGIN, tick=False) as clock:
        save = storage.save

        def slow(name, content):
            clock.shift(timedelta(minutes=9))
            save(name, content)
            assert exports.find_waiting(now=timezone.now() + timedelta(minutes=9)) == []

        monkeypatch.setattr(storage, "save", slow)
        exports.make(pk=str(export.pk), now=BEGIN)
    assert state(export) == "ready"


class Killed(BaseException):
    pass


def killed(monkeypatch, how=Killed) -> None:
    """Gone without a word: its claim stands."""

    def kill(_n):
        raise how

    monkeypatch.setattr(Export, "give_back", lambda *args, **kwargs: None)
    meanwhile(monkeypatch, kill)


@moved_clock
def test_killed_three_times_it_failed_and_is_asked_for_again(
    as_alice, export, monkeypatch
):
    with time_machine.travel(BEGIN, tick=False) as clock:
        with monkeypatch.context() as patched:
            killed(patched)
            for _ in range(3):
                with pytest.raises(Killed):
                    exports.make(pk=str(export.pk), now=timezone.now())
                assert (state(export), exports.find_waiting(now=timezone.now())) == (
                    "making",
                    [],
                )
                clock.shift(LEASE + timedelta(seconds=1))
                assert exports.find_waiting(now=timezone.now()) == [export]
        exports.make(pk=str(export.pk), now=timezone.now())
        assert state(export) == "failed"
        assert exports.find_waiting(now=timezone.now() + LEASE) == []
    html = as_alice.get(f"/exports/{export.pk}/").content.decode()
    assert "The zip could not be made" in html
    assert "It was tried three times." in html
    assert html.count('name="id"') == 3
    told = as_alice.get(
        f"/exports/{export.pk}/", headers={"Accept": "application/json"}
    )
    assert told.json()["state"] == "failed"
    again = as_alice.post(
        "/gallery/selected/", {"action": "download", "id": export.try_ons}
    )
    made = Export.objects.exclude(pk=export.pk).get()
    assert str(made.pk) in again["Location"]
    tasks.make_export(str(made.pk))
    assert state(made) == "ready"


def test_a_failed_copy_of_everything_is_asked_for_again(as_alice, alice, done):
    as_alice.post("/account/export/")
    Export.objects.update(state="failed")
    export = Export.objects.get()
    html = as_alice.get(f"/exports/{export.pk}/").content.decode()
    assert 'action="/account/export/"' in html
    as_alice.post("/account/export/")
    assert Export.objects.count() == 2


def test_an_error_gives_the_claim_back_and_counts(export, monkeypatch):
    meanwhile(monkeypatch, lambda _n: 1 / 0)
    for attempt in (1, 2, 3):
        with pytest.raises(ZeroDivisionError):
            exports.make(pk=str(export.pk), now=timezone.now())
        assert exports.find_waiting(now=timezone.now()) == [export]
        export.refresh_from_db()
        assert export.attempts == attempt
    exports.make(pk=str(export.pk), now=timezone.now())
    assert state(export) == "failed"


def test_storage_away_is_no_attempt(export, monkeypatch):
    def away(_name):
        raise storage.Away

    with monkeypatch.context() as patched:
        patched.setattr(storage, "read", away)
        for _ in range(5):
            exports.make(pk=str(export.pk), now=timezone.now())
            assert exports.find_waiting(now=timezone.now()) == [export]
    exports.make(pk=str(export.pk), now=timezone.now())
    assert state(export) == "ready"


def test_six_presses_make_one_zip(as_alice, done, media_files):
    ids = [row.pk for row in done]
    for n in range(6):
        order = ids if n % 2 else ids[::-1]
        as_alice.post("/gallery/selected/", {"action": "download", "id": order})
        if n == 3:  # the worker is fast
            tasks.make_export(str(Export.objects.get().pk))
    for _ in range(6):
        as_alice.post("/account/export/")
    everything = Export.objects.get(everything=True)
    assert Export.objects.count() == 2
    tasks.make_export(str(everything.pk))
    assert len(zips(media_files())) == 2


def test_other_content_or_another_owner_is_another_zip(alice, bob, done):
    first = exports.request_export(owner=alice, try_ons=done, now=BEGIN)
    assert exports.request_export(owner=alice, try_ons=done[1:], now=BEGIN) != first
    whole = exports.request_everything(owner=alice, now=BEGIN)
    assert exports.request_everything(owner=bob, now=BEGIN) != whole
    factories.photo(alice)
    assert exports.request_everything(owner=alice, now=BEGIN) != whole
    exports.make(pk=str(first.pk), now=BEGIN)
    later = BEGIN + timedelta(minutes=2)
    assert exports.request_export(owner=alice, try_ons=done, now=later) != first


@pytest.mark.django_db(transaction=True)
def test_many_makers_and_askers_in_threads_make_one(alice, media_files):
    done = [factories.try_on(alice, Status.COMPLETED) for _ in range(3)]
    start = threading.Barrier(6)

    def press(_n):
        start.wait()
        try:
            export = exports.request_export(
                owner=alice, try_ons=done, now=timezone.now()
            )
            exports.make(pk=str(export.pk), now=timezone.now())
        finally:
            connection.close()
        return export.pk

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(press, range(6)))) == 1
    export = Export.objects.get()
    assert (export.state, export.attempts) == ("ready", 1)
    archive = zipfile.ZipFile(io.BytesIO(storage.read(export.file_name)))
    assert len(archive.namelist()) == 4
    assert len(zips(media_files())) == 1


@pytest.mark.django_db(transaction=True)
def test_two_real_makers_one_taken_for_dead(alice, media_files, monkeypatch):
    """The first stands still in a thread; the second makes it; the first wakes."""
    done = [factories.try_on(alice, Status.COMPLETED) for _ in range(3)]
    export = exports.request_export(owner=alice, try_ons=done, now=timezone.now())
    stands, goes_on = threading.Event(), threading.Event()
    packed = []

    def stand(n):
        packed.append(n)
        if n == 0:
            stands.set()
            assert goes_on.wait(20)

    meanwhile(monkeypatch, stand)

    def first():
        try:
            exports.make(pk=str(export.pk), now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert stands.wait(20)
        exports.make(pk=str(export.pk), now=timezone.now() + 2 * LEASE)
        assert state(export) == "ready"
        goes_on.set()
        running.result(20)
    assert packed == [0, 1, 2, 3]
    assert (state(export), export.attempts) == ("ready", 2)
    assert zips(media_files()) == [export.file_name]


@pytest.fixture
def ready(export):
    exports.make(pk=str(export.pk), now=BEGIN)
    export.refresh_from_db()
    return export


def content(response) -> bytes:
    return b"".join(response.streaming_content)


@pytest.mark.usefixtures("on_disk")
def test_a_phone_goes_on_where_its_network_left_it(as_alice, ready):
    page = f"/exports/{ready.pk}/zip/"
    whole = as_alice.get(page)
    data = content(whole)
    assert (whole["Accept-Ranges"], len(data)) == ("bytes", ready.size)
    told = {"Range": "bytes=1000-", "If-Range": whole["ETag"]}
    rest = as_alice.get(page, headers=told)
    assert (rest.status_code, content(rest)) == (206, data[1000:])
    assert rest["Content-Range"] == f"bytes 1000-{len(data) - 1}/{len(data)}"
    assert rest["Content-Length"] == str(len(data) - 1000)
    middle = as_alice.get(page, headers={"Range": "bytes=10-19"})
    assert (middle.status_code, content(middle)) == (206, data[10:20])
    beyond = as_alice.get(page, headers={"Range": f"bytes={len(data)}-"})
    assert beyond.status_code == 416
    assert beyond["Content-Range"] == f"bytes */{len(data)}"
    another = {"Range": "bytes=1000-", "If-Range": '"another"'}
    assert content(as_alice.get(page, headers=another)) == data
    for answer in (whole, rest, middle, beyond):
        assert answer["Cache-Control"] == "private, no-store"
        assert "fitting-room-2026-05-12.zip" in answer["Content-Disposition"]
        assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.usefixtures("on_disk")
def test_no_file_is_compressed_again(as_alice, ready, done):
    """Its length would be unknown, its parts off, and a picture loaded each time."""
    accepts = {"Accept-Encoding": "gzip"}
    for page in (f"/exports/{ready.pk}/zip/", done[0].result.url):
        response = as_alice.get(page, headers=accepts)
        assert "Content-Encoding" not in response.headers
        assert len(content(response)) == int(response["Content-Length"])
        assert response["ETag"].startswith('"')
    known = {**accepts, "If-None-Match": response["ETag"]}
    assert as_alice.get(done[0].result.url, headers=known).status_code == 304
    assert Client().get("/", headers=accepts)["Content-Encoding"] == "gzip"


@pytest.mark.usefixtures("on_disk")
def test_nobody_elses_and_none_that_is_gone(as_alice, as_bob, ready):
    page = f"/exports/{ready.pk}/zip/"
    assert as_bob.get(page, headers={"Range": "bytes=0-"}).status_code == 404
    storage.delete([ready.file_name])
    assert as_alice.get(page).status_code == 404
