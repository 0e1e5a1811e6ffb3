import io
import uuid
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from tests import factories
from tests.conftest import image_of
from tests.factories import NOW
from tryon import services
from tryon.models import Garment, PendingDeletion, Photo, Result, Status, TryOn, User
from tryon.pictures import normalise, storage


def create(owner, photo, garment, bottom=None, **fields):
    outfit = services.Outfit(garment, bottom)
    fields.setdefault("now", NOW)
    return services.create_try_on(owner=owner, photo=photo, outfit=outfit, **fields)


# --- pictures -----------------------------------------------------------------------


def test_the_same_upload_again_is_the_one_that_is_there(alice, bob, jpeg, media_files):
    picture = normalise.read_person(io.BytesIO(jpeg))
    first = services.add_photo(owner=alice, picture=picture, now=NOW)
    again = services.add_photo(owner=alice, picture=picture, now=NOW)
    other = services.add_photo(owner=bob, picture=picture, now=NOW)
    assert first == again != other
    assert len(media_files()) == 2


def test_the_same_bytes_of_another_kind_are_another_garment(alice, jpeg):
    picture = normalise.read_garment(io.BytesIO(jpeg))
    kinds = ("upper_body", "lower_body")
    made = {
        services.add_garment(owner=alice, picture=picture, kind=kind, now=NOW)
        for kind in kinds
    }
    assert len(made) == 2


def test_renditions(alice, media_files):
    photo = factories.photo(alice)
    services.make_renditions(row=photo, now=NOW)
    services.make_renditions(row=photo, now=NOW)  # twice is harmless
    photo.refresh_from_db()
    assert photo.renditions_at == NOW
    assert sorted(photo.file_names) == media_files()
    assert image_of(storage.read(photo.rendition_name(480))).format == "WEBP"


def test_storage_is_not_filled_by_one_person(alice, as_alice, monkeypatch):
    monkeypatch.setattr(services.pictures, "UPLOADS_A_DAY", 3)
    monkeypatch.setattr(services.pictures, "UPLOADS_A_TRY", 0)
    factories.photo(alice)
    factories.garment(owner=alice)
    factories.photo(alice)
    with pytest.raises(services.TooManyUploads):
        factories.photo(alice)
    factories.garment()  # the catalogue's
    data = factories.picture_bytes()
    monkeypatch.setattr(services.pictures, "UPLOADS_A_DAY", 1)
    sent = [as_alice.post("/photos/", {"photo_file": io.BytesIO(data)})]
    data = factories.picture_bytes()
    sent.append(as_alice.post("/photos/", {"photo_file": io.BytesIO(data)}))
    assert sent[-1].status_code == 429
    assert "in an hour" in sent[-1].content.decode()


# --- try-ons --------------------------------------------------------------------------


def test_a_single_and_a_combo(alice):
    photo, top, bottom = (
        factories.photo(alice),
        factories.garment("upper_body"),
        factories.garment("lower_body"),
    )
    single, created = create(alice, photo, top)
    assert created
    assert (single.mode, single.garment_kind) == ("single", "upper_body")
    combo, _ = create(alice, photo, top, bottom)
    assert (combo.mode, combo.garment_kind) == ("combo", "")
    assert [e.to_status for e in combo.events.all()] == [Status.QUEUED]


@pytest.mark.parametrize(
    ("first", "second", "field"),
    [
        ("upper_body", "upper_body", "bottom"),
        ("lower_body", "lower_body", "top"),
        ("full_body", "lower_body", "full"),
        ("upper_body", "full_body", "full"),
    ],
)
def test_what_cannot_be_worn_together(db, first, second, field):
    with pytest.raises(services.OutfitError) as caught:
        services.Outfit(factories.garment(first), factories.garment(second))
    assert caught.value.field == field


def test_a_form_is_good_for_one_job(alice):
    photo, top, other = factories.photo(alice), *factories.garments(2)
    token = uuid.uuid4()
    first, created = create(alice, photo, top, token=token)
    again, created_again = create(alice, photo, other, token=token)
    assert (created, created_again) == (True, False)
    assert first == again


@pytest.mark.parametrize(
    ("status", "new"),
    [
        (Status.QUEUED, False),
        (Status.PROCESSING, False),
        (Status.COMPLETED, False),
        (Status.UNCONFIRMED, False),
        (Status.FAILED, True),
        (Status.CANCELED, True),
    ],
)
def test_the_same_again_is_not_paid_for_twice(alice, status, new):
    there = factories.try_on(alice, status)
    found, created = create(alice, there.photo, there.garment)
    assert created == new
    assert (found == there) == (not new)
    made, created = create(alice, there.photo, there.garment, again=True)
    assert created and made != there


def test_hidden_or_deleted_ones_are_not_offered_again(alice):
    there = factories.try_on(alice, Status.COMPLETED)
    Result.objects.update(review_state="hidden")
    assert create(alice, there.photo, there.garment)[1]


def test_retry_is_a_new_one_and_a_double_click_makes_one(alice):
    failed = factories.try_on(alice, Status.FAILED)
    new, created = services.retry(try_on=failed, now=NOW)
    again, created_again = services.retry(try_on=failed, now=NOW)
    assert (created, created_again) == (True, False)
    assert new == again
    assert new.retry_of == failed


def test_cancel_only_while_nothing_was_sent(alice):
    assert services.cancel(try_on=factories.try_on(alice), now=NOW, by=alice)
    running = factories.try_on(alice, Status.PROCESSING)
    assert not services.cancel(try_on=running, now=NOW, by=alice)


@pytest.mark.django_db(transaction=True)
def test_deleting_leaves_a_tombstone_and_no_file(alice, media_files):
    done = factories.try_on(
        alice, Status.COMPLETED, raw_answer={"data": 1}, result_url="http://x"
    )
    services.make_renditions(row=done.result, now=NOW)
    names = done.result.file_names
    services.delete_try_on(try_on=done, now=NOW, by=alice)
    done.refresh_from_db()
    assert (done.photo, done.garment, done.raw_answer) == (None, None, None)
    assert done.result_url == ""
    assert done.counts_against_limit
    assert not Result.objects.exists()
    assert not set(names) & set(media_files())


@pytest.mark.django_db(transaction=True)
def test_a_photo_goes_with_what_was_made_from_it(alice, media_files):
    done = factories.try_on(alice, Status.COMPLETED)
    running = factories.try_on(alice, Status.PROCESSING, photo=done.photo)
    kept = factories.try_on(alice, Status.COMPLETED)
    services.delete_photo(photo=done.photo, now=NOW, by=alice)
    assert list(TryOn.objects.existing()) == [kept]
    assert set(media_files()) == {
        kept.photo.file_name,
        kept.garment.file_name,
        kept.result.file_name,
        done.garment.file_name,
        running.garment.file_name,
    }


@pytest.mark.django_db(transaction=True)
def test_nothing_of_an_account_stays(alice, bob, media_files):
    factories.garment(owner=alice)
    for status in Status:
        factories.try_on(alice, status)
    kept = factories.photo(bob)
    shop = {garment.file_name for garment in Garment.objects.filter(owner=None)}
    services.delete_owner(owner=alice, now=NOW)
    assert not User.objects.filter(pk=alice.pk).exists()
    assert set(media_files()) == {kept.file_name} | shop
    tombstones = TryOn.objects.all()
    assert tombstones
    for tombstone in tombstones:
        assert (tombstone.owner, tombstone.photo, tombstone.garment) == (None,) * 3


@pytest.mark.django_db(transaction=True)
def test_guests_go_after_a_day(media_files):
    guest = User.objects.get_or_create_guest("g" * 64, NOW)
    factories.photo(guest)
    services.delete_expired_guests(now=NOW + timedelta(hours=23))
    assert media_files()
    services.delete_expired_guests(now=NOW + timedelta(hours=25))
    assert not media_files()
    assert not User.objects.exists()


def test_tombstones_go_once_no_limit_needs_them(alice):
    done = factories.try_on(alice, Status.COMPLETED)
    services.delete_try_on(try_on=done, now=NOW, by=alice)
    services.delete_tombstones(now=NOW + timedelta(hours=23))
    assert TryOn.objects.exists()
    services.delete_tombstones(now=NOW + timedelta(hours=25))
    assert not TryOn.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_signing_in_brings_the_guests_things_along(alice, jpeg, media_files):
    guest = User.objects.get_or_create_guest("g" * 64, NOW)
    picture = normalise.read_person(io.BytesIO(jpeg))
    twin = services.add_photo(owner=alice, picture=picture, now=NOW)
    doubled = services.add_photo(owner=guest, picture=picture, now=NOW)
    made = factories.try_on(guest, photo=doubled)
    own = factories.garment(owner=guest)
    services.claim_guest(guest=guest, owner=alice)
    made.refresh_from_db()
    own.refresh_from_db()
    assert (made.owner, made.photo, own.owner) == (alice, twin, alice)
    assert not User.objects.filter(pk=guest.pk).exists()
    assert doubled.file_name not in media_files()


# --- found by review ------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_deleting_while_it_is_being_completed_leaves_no_picture(alice, media_files):
    """The view has loaded it as fetching; the worker completes it meanwhile."""
    done = factories.try_on(alice, Status.COMPLETED)
    name = done.result.file_name
    loaded = TryOn.objects.get(pk=done.pk)
    loaded.status = Status.FETCHING
    loaded._state.fields_cache["result"] = None
    services.delete_try_on(try_on=loaded, now=NOW, by=alice)
    assert not Result.objects.exists()
    assert name not in media_files()


def test_renditions_of_what_was_deleted_meanwhile_leave_no_file(
    alice, media_files, django_capture_on_commit_callbacks
):
    photo = factories.photo(alice)
    Photo.objects.filter(pk=photo.pk).delete()
    with django_capture_on_commit_callbacks(execute=True):
        services.make_renditions(row=photo, now=NOW)
    assert media_files() == []


def test_a_form_sent_again_after_its_picture_was_deleted_is_a_new_wish(alice):
    failed = factories.try_on(alice, Status.FAILED)
    new, _ = services.retry(try_on=failed, now=NOW)
    services.delete_try_on(try_on=new, now=NOW, by=alice)
    again, created = services.retry(try_on=failed, now=NOW)
    assert created and again != new


def test_a_retired_own_piece_uploaded_again_is_that_piece(alice, jpeg):
    picture = normalise.read_garment(io.BytesIO(jpeg))
    fields = {"owner": alice, "picture": picture, "kind": "upper_body", "now": NOW}
    own = services.add_garment(**fields)
    factories.retire_all()
    assert services.add_garment(**fields) == own


@pytest.mark.django_db(transaction=True)
def test_retention(alice, settings, media_files):
    settings.TRYON_RETENTION_DAYS = 7
    old = NOW - timedelta(days=8)
    factories.try_on(
        alice,
        Status.COMPLETED,
        created_at=old,
        photo=factories.photo(alice, now=old),
        garment=factories.garment(owner=alice, now=old),
    )
    kept = factories.try_on(alice, Status.COMPLETED, created_at=NOW)
    services.delete_old_pictures(now=NOW)
    assert list(TryOn.objects.existing()) == [kept]
    assert set(media_files()) == {
        kept.photo.file_name,
        kept.garment.file_name,
        kept.result.file_name,
    }


def garment_picture() -> normalise.Picture:
    return normalise.read_garment(io.BytesIO(factories.picture_bytes()))


def replace(garment, now=NOW) -> None:
    services.replace_garment_picture(
        garment=garment, picture=garment_picture(), now=now
    )


def test_a_pieces_picture_is_replaced_and_the_old_files_go(
    db, media_files, django_capture_on_commit_callbacks
):
    garment = factories.garment(sku="R-1")
    services.make_renditions(row=garment, now=NOW)
    old = garment.file_names
    with django_capture_on_commit_callbacks(execute=True):
        replace(garment)
    garment.refresh_from_db()
    assert garment.picture_changed_at == NOW
    assert media_files() == [garment.file_name]
    assert garment.file_name not in old
    assert garment.renditions_at is None
    assert not PendingDeletion.objects.exists()


def test_two_who_replace_it_at_once_leave_one_file(
    db, media_files, django_capture_on_commit_callbacks
):
    one = factories.garment(sku="R-1")
    other = Garment.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        replace(one)
        replace(other)
    assert media_files() == [Garment.objects.get().file_name]


def test_renditions_of_a_picture_that_was_replaced_meanwhile_leave_no_file(
    db, media_files, django_capture_on_commit_callbacks
):
    before = factories.garment(sku="R-1")
    with django_capture_on_commit_callbacks(execute=True):
        replace(Garment.objects.get())
        storage.save(before.file_name, ContentFile(factories.picture_bytes()))
        services.make_renditions(row=before, now=NOW)
    now_there = Garment.objects.get()
    assert now_there.renditions_at is None
    assert media_files() == [now_there.file_name]


@pytest.mark.parametrize("which", ["garment", "bottom_garment"])
def test_same_again_does_not_find_what_shows_another_picture(alice, which):
    done = factories.try_on(alice, Status.COMPLETED, combo=True)
    top, bottom = done.garment, done.bottom_garment
    asked = {"owner": alice, "photo": done.photo}
    later = NOW + timedelta(hours=1)
    replace(getattr(done, which), later)
    outfit = services.Outfit(top, bottom)
    now = later + timedelta(seconds=1)
    made, new = services.create_try_on(**asked, outfit=outfit, now=now)
    assert new
    # What was made since shows the new one.
    now += timedelta(minutes=1)
    assert services.create_try_on(**asked, outfit=outfit, now=now) == (made, False)


def test_a_fitting_does_not_either(alice):
    done = factories.try_on(alice, Status.COMPLETED)
    replace(done.garment, NOW + timedelta(seconds=1))
    _fitting, new = services.create_fitting(
        owner=alice,
        photo=done.photo,
        garments=[done.garment],
        now=NOW + timedelta(minutes=1),
        token=uuid.uuid4(),
    )
    assert new == 1
