"""A deleted picture is gone, even if storage was away or the process was killed."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.db import transaction
from django.utils import timezone

from tests import factories
from tests.factories import NOW, picture_bytes
from tryon import services
from tryon.models import PendingDeletion, Photo, Status
from tryon.pictures import normalise, storage
from tryon.pipeline import fetching
from tryon.services import exports, file_deletion


@pytest.fixture
def full(monkeypatch, on_disk):
    """A disk that takes nothing and gives nothing."""

    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    def stop():
        for name in ("_save", "_open", "delete"):
            monkeypatch.setattr(FileSystemStorage, name, refuse)

    return stop


def test_what_storage_does_not_take_now_goes_later(
    alice, full, monkeypatch, django_capture_on_commit_callbacks
):
    photo = factories.photo(alice)
    with monkeypatch.context():
        full()
        with django_capture_on_commit_callbacks(execute=True):
            services.delete_photo(photo=photo, now=NOW, by=alice)
        assert not Photo.objects.exists()
        assert PendingDeletion.objects.filter(name=photo.file_name).exists()
        monkeypatch.undo()
    assert storage.read(photo.file_name)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        file_deletion.finish()
    assert not PendingDeletion.objects.exists()
    with pytest.raises(FileNotFoundError):
        storage.read(photo.file_name)


def test_killed_between_the_row_and_the_file(alice, on_disk):
    """The row is gone, the list has the names: the next round deletes them."""
    photo = factories.photo(alice)
    services.delete_photo(photo=photo, now=NOW, by=alice)  # nothing runs on commit
    assert storage.read(photo.file_name)
    file_deletion.finish()
    with pytest.raises(FileNotFoundError):
        storage.read(photo.file_name)


def test_a_deletion_that_is_undone_dooms_nothing(alice):
    photo = factories.photo(alice)
    with transaction.atomic():
        services.delete_photo(photo=photo, now=NOW, by=alice)
        transaction.set_rollback(True)
    assert not PendingDeletion.objects.exists()


class Killed(BaseException):
    pass


def upload(alice):
    picture = normalise.read_person(io.BytesIO(picture_bytes()))
    return lambda: services.add_photo(owner=alice, picture=picture, now=timezone.now())


def send_from_a_phone(alice):
    handoff, _secret = services.open_handoff(owner=alice, now=timezone.now())
    sent = {
        "handoff": handoff,
        "picture": normalise.read_person(io.BytesIO(picture_bytes())),
    }
    return lambda: services.use_handoff(**sent, now=timezone.now())


def bring_home(alice):
    try_on = factories.try_on(alice, Status.FETCHING)
    picture = normalise.read_result(picture_bytes())
    return lambda: fetching.fetched(try_on, picture, timezone.now())


def make_zip(alice):
    done = factories.try_on(alice, Status.COMPLETED)
    export = exports.request_export(owner=alice, try_ons=[done], now=NOW)
    return lambda: exports.make(pk=str(export.pk), now=timezone.now())


@pytest.mark.parametrize("prepare", [upload, send_from_a_phone, bring_home, make_zip])
def test_killed_between_the_file_and_the_row(alice, on_disk, monkeypatch, prepare):
    def kill(name):
        assert default_storage.exists(name)
        raise Killed

    act = prepare(alice)
    with monkeypatch.context() as patched:
        patched.setattr(PendingDeletion, "keep", kill)
        with pytest.raises(Killed):
            act()
    file_deletion.finish()  # another process may still be between the two
    (row,) = PendingDeletion.objects.all()
    assert default_storage.exists(row.name)
    PendingDeletion.objects.update(at=timezone.now())  # an hour later
    file_deletion.finish()
    assert not default_storage.exists(row.name)
    assert not PendingDeletion.objects.exists()


def test_what_has_its_row_is_kept(alice, on_disk):
    photo = factories.photo(alice)
    assert not PendingDeletion.objects.exists()
    file_deletion.finish()
    assert storage.read(photo.file_name)


def test_a_full_disk_asks_to_come_again_and_keeps_nothing(as_alice, alice, full):
    full()
    response = as_alice.post("/photos/", {"photo_file": File("x.jpg", picture_bytes())})
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert "does not answer right now" in response.content.decode()
    assert not Photo.objects.exists()


def test_a_code_counts_again_if_its_photo_could_not_be_kept(alice, full, monkeypatch):
    send = send_from_a_phone(alice)
    with monkeypatch.context():
        full()
        with pytest.raises(storage.Away):
            send()
        monkeypatch.undo()
    assert send() == Photo.objects.get()


def test_a_picture_that_cannot_be_shown_now_is_not_gone(as_alice, alice, full):
    done = factories.try_on(alice, Status.COMPLETED)
    full()
    assert as_alice.get(done.result.url).status_code == 503
    assert as_alice.get(f"/try-on/{done.pk}/download/").status_code == 503


class Cut(BaseException):
    pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["add", "change"])
def test_the_admins_picture_is_listed_before_it_is_written(
    as_staff, on_disk, monkeypatch, path
):
    """Killed while storage takes it: the list still has its name."""
    fields = {"kind": "upper_body", "name": "Coat", "sku": "N-1", "product_url": ""}
    page = "/admin/tryon/garment/add/"
    if path == "change":
        page = f"/admin/tryon/garment/{factories.garment(sku='N-1').pk}/change/"
    save = storage.save

    def cut(name, content):
        save(name, content)
        raise Cut

    with monkeypatch.context() as patched:
        patched.setattr(storage, "save", cut)
        with pytest.raises(Cut):
            file = File("coat.jpg", picture_bytes())
            as_staff.post(page, {**fields, "new_picture": file})
    (row,) = PendingDeletion.objects.all()
    assert default_storage.exists(row.name)
