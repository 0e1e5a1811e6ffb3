"""Several pictures at once: compare, delete, one zip."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tests.conftest import image_of
from tests.factories import NOW
from tryon import services, tasks
from tryon.models import Export, Garment, Status, TryOn
from tryon.services import exports


@pytest.fixture
def three(alice):
    return [factories.try_on(alice, Status.COMPLETED) for _ in range(3)]


def post(client, action, rows, **fields):
    data = {"action": action, "id": [row.pk for row in rows], **fields}
    return client.post("/gallery/selected/", data)


def test_compare(as_alice, three):
    response = post(as_alice, "compare", three)
    html = as_alice.get(response["Location"]).content.decode()
    assert all(row.label in html for row in three)
    assert html.count("data-zoom") == 3


@pytest.mark.parametrize("n", [1, 5])
def test_compare_takes_two_to_four(as_alice, alice, n):
    rows = [factories.try_on(alice, Status.COMPLETED) for _ in range(n)]
    response = as_alice.get(post(as_alice, "compare", rows)["Location"], follow=True)
    assert "Compare takes two to four pictures." in response.content.decode()


def test_delete_asks_first(as_alice, three):
    html = post(as_alice, "delete", three[:2]).content.decode()
    assert "Delete 2 pictures?" in html
    assert TryOn.objects.existing().count() == 3
    post(as_alice, "delete", three[:2], confirmed="1")
    assert TryOn.objects.existing().get() == three[2]


def test_nothing_chosen(as_alice):
    response = as_alice.post("/gallery/selected/", {"action": "delete"}, follow=True)
    assert "Choose some pictures first." in response.content.decode()


def test_others_pictures_are_not_touched(as_bob, three):
    for action in ("delete", "download", "compare"):
        post(as_bob, action, three, confirmed="1")
    assert TryOn.objects.existing().count() == 3
    assert not Export.objects.exists()


def test_an_action_that_is_none(as_alice, three):
    assert post(as_alice, "melt", three).status_code == 404


def made(client, rows) -> Export:
    post(client, "download", rows)
    export = Export.objects.latest("created_at")
    tasks.make_export(str(export.pk))
    export.refresh_from_db()
    return export


def test_the_zip_has_the_pictures_under_their_names(as_alice, three):
    for garment in Garment.objects.all():
        factories.rename(garment, "Wool blazer")
    export = made(as_alice, three)
    page = f"/exports/{export.pk}/"
    assert "Your zip is ready" in as_alice.get(page).content.decode()
    response = as_alice.get(page + "zip/")
    assert response["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == [
        "fitting-room-wool-blazer-2026-05-12-2.jpg",
        "fitting-room-wool-blazer-2026-05-12-3.jpg",
        "fitting-room-wool-blazer-2026-05-12.jpg",
        "pictures.json",
    ]
    assert len(json.loads(archive.read("pictures.json"))) == 3
    assert image_of(archive.read(archive.namelist()[0])).format == "JPEG"


def test_it_tells_how_far_it_is(as_alice, three):
    post(as_alice, "download", three)
    export = Export.objects.get()
    page = f"/exports/{export.pk}/"
    assert "Making the zip" in as_alice.get(page).content.decode()
    told = as_alice.get(page, headers={"Accept": "application/json"}).json()
    assert told == {"state": "waiting", "percent": 0, "done": 0, "total": 3}
    assert as_alice.get(page + "zip/").status_code == 404


def test_what_is_not_ready_is_left_out(as_alice, alice):
    response = post(as_alice, "download", [factories.try_on(alice)])
    assert response["Location"] == "/gallery/"
    assert not Export.objects.exists()


def test_deleting_a_picture_ends_its_zips(
    as_alice, alice, three, media_files, django_capture_on_commit_callbacks
):
    export = made(as_alice, three)
    assert export.file_name in media_files()
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_try_on(try_on=three[0], now=NOW, by=alice)
    assert not Export.objects.exists()
    assert export.file_name not in media_files()


def test_deleting_while_it_is_made_leaves_no_file(
    as_alice, three, media_files, monkeypatch, django_capture_on_commit_callbacks
):
    post(as_alice, "download", three)
    export = Export.objects.get()
    entries = exports._read_entries

    def deleted_meanwhile(row):
        yield from entries(row)
        Export.objects.all().delete()

    monkeypatch.setattr(exports, "_read_entries", deleted_meanwhile)
    with django_capture_on_commit_callbacks(execute=True):
        exports.make(pk=str(export.pk), now=timezone.now())
    assert not Export.objects.exists()
    assert not any(name.startswith("export-") for name in media_files())


def test_two_makers_make_one(as_alice, three, media_files):
    export = made(as_alice, three)
    tasks.make_export(str(export.pk))
    assert sum(name.startswith("export-") for name in media_files()) == 1


def test_one_whose_maker_was_killed_is_made_anew(as_alice, three):
    now = timezone.now()
    post(as_alice, "download", three)
    Export.objects.update(state="making", claimed_at=now - timedelta(minutes=11))
    export = exports.find_waiting(now=now)[0]
    exports.make(pk=str(export.pk), now=now)
    export.refresh_from_db()
    assert export.state == Export.State.READY


def test_it_goes_after_three_days(
    as_alice, three, media_files, django_capture_on_commit_callbacks
):
    made(as_alice, three)
    assert any(name.startswith("export-") for name in media_files())
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_expired(now=timezone.now() + timedelta(days=3, seconds=1))
    assert not Export.objects.exists()
    assert not any(name.startswith("export-") for name in media_files())
