"""What the minute's tasks do: each by itself, and a row that fails stops no other."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from tests import factories
from tests.factories import NOW
from tests.plans import whole_tables_read
from tryon import services, tasks
from tryon.models import (
    DeletionReceipt,
    PendingDeletion,
    Photo,
    Status,
    TokenBucket,
    Unfinished,
    User,
)
from tryon.monitoring import status
from tryon.pictures import storage
from tryon.services import chores, file_deletion
from vto_site import schedule

MINUTE = timedelta(minutes=1)


def guests(n: int) -> list[User]:
    made = [User.objects.get_or_create_guest(f"{i}" * 64, NOW) for i in range(n)]
    for guest in made:
        factories.photo(guest)
    return made


def test_every_task_of_the_schedule_is_there():
    for name, entry in django_settings.CELERY_BEAT_SCHEDULE.items():
        assert getattr(tasks, name).name == entry["task"]


@pytest.fixture
def one_that_cannot_be_deleted(db, monkeypatch) -> User:
    bad, *_others = guests(3)
    real = services.deletion.delete_owner

    def delete_owner(*, owner, now):
        if owner == bad:
            raise ValueError("odd row")
        return real(owner=owner, now=now)

    monkeypatch.setattr(services.deletion, "delete_owner", delete_owner)
    return bad


def test_a_row_that_raises_is_put_off_and_shown(one_that_cannot_be_deleted, as_staff):
    later = NOW + timedelta(days=2)
    with pytest.raises(ValueError):
        services.delete_expired_guests(now=later)
    services.delete_expired_guests(now=later + MINUTE)
    assert list(User.objects.guests()) == [one_that_cannot_be_deleted]
    (row,) = Unfinished.objects.all()
    assert (row.tries, row.error) == (1, "ValueError: odd row")
    with pytest.raises(ValueError):
        services.delete_expired_guests(now=later + 6 * MINUTE)
    services.delete_expired_guests(now=later + 12 * MINUTE)  # 10 minutes by now
    assert Unfinished.objects.get().tries == 2
    html = as_staff.get("/admin/tryon/unfinished/").content.decode()
    assert "odd row" in html
    told = status.summary(later + 12 * MINUTE)["problems"]
    assert any("Unfinished work: 1" in problem for problem in told)
    as_staff.post(
        "/admin/tryon/unfinished/",
        {"action": "try_now", "_selected_action": [Unfinished.objects.get().pk]},
    )
    with pytest.raises(ValueError):
        tasks.delete_expired_guests()


def test_a_row_whose_worker_was_killed_is_passed_over(db):
    first, second = guests(2)
    later = NOW + timedelta(days=2)
    assert Unfinished.begin("guests", str(first.pk), later)  # and no more is heard
    services.delete_expired_guests(now=later + MINUTE)
    assert list(User.objects.guests()) == [first]
    services.delete_expired_guests(now=later + 6 * MINUTE)
    assert not User.objects.guests().exists()
    assert not Unfinished.objects.exists()
    assert second.pk


def test_two_at_once_write_one_receipt(alice, settings):
    settings.TRYON_RETENTION_DAYS = 7
    photo = factories.photo(alice, now=NOW - timedelta(days=8))
    with chores.begin("old photos", str(photo.pk), NOW) as work:
        assert work
        services.delete_old_pictures(now=NOW)
        assert Photo.objects.exists()
    services.delete_old_pictures(now=NOW)
    assert DeletionReceipt.objects.count() == 1
    with pytest.raises(Photo.DoesNotExist):
        services.delete_photo(photo=photo, now=NOW, by=None)


def test_one_picture_that_cannot_be_rendered_stops_no_other(alice):
    broken = factories.photo(alice)
    storage.delete([broken.file_name])
    storage.save(broken.file_name, factories.io.BytesIO(b"no picture at all"))
    sound = [factories.photo(alice) for _ in range(2)]
    lost = factories.photo(alice)
    storage.delete([lost.file_name])
    tasks.tend_renditions()
    assert set(Photo.objects.filter(renditions_at=None)) == {broken, lost}
    assert Photo.objects.count() == 2 + len(sound)
    noted = {row.row: row.error for row in Unfinished.objects.all()}
    assert "UnidentifiedImageError" in noted.pop(broken.stem)
    assert "FileNotFoundError" in noted.pop(lost.stem)
    assert noted == {}


def test_a_file_that_cannot_be_deleted_waits_behind_the_others(
    alice, monkeypatch, django_capture_on_commit_callbacks
):
    first, second = factories.photo(alice), factories.photo(alice)
    real = storage.delete

    def delete(names):
        if names == [first.file_name]:
            raise storage.Away("permission denied")
        real(names)

    monkeypatch.setattr(storage, "delete", delete)
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_photo(photo=first, now=NOW, by=alice)
        services.delete_photo(photo=second, now=NOW, by=alice)
    file_deletion.finish()
    assert [row.name for row in PendingDeletion.objects.all()] == [first.file_name]


def test_sessions_and_limits_that_are_over_are_cleared(as_alice, alice):
    as_alice.get("/account/")
    old = SessionStore()
    old.save()
    Session.objects.filter(session_key=old.session_key).update(expire_date=NOW)
    TokenBucket.take("old", most=1, seconds=60, now=NOW)
    services.clear_sessions(now=NOW + timedelta(hours=3))
    assert not Session.objects.filter(session_key=old.session_key).exists()
    assert not TokenBucket.objects.exists()
    assert as_alice.get("/account/").status_code == 200


def test_deleting_many_asks_no_more_than_deleting_few(
    alice, django_assert_num_queries, django_assert_max_num_queries
):
    def delete(n: int):
        rows = [factories.try_on(alice, Status.COMPLETED) for _ in range(n)]
        return lambda: services.delete_try_ons(owner=alice, try_ons=rows, now=NOW)

    few, many = delete(2), delete(12)
    with django_assert_max_num_queries(25) as counted:
        few()
    with django_assert_num_queries(len(counted)):
        many()


@pytest.mark.parametrize("name", schedule.TENDED)
def test_no_task_reads_a_whole_table(name, alice, settings):
    settings.TRYON_RETENTION_DAYS = 7
    for state in Status.values:
        factories.try_on(alice, state)
    # Of the last days: short however old the shop is.
    short = ("tryon_export", "tryon_catalogueimport")
    with whole_tables_read() as found:
        getattr(tasks, name)()
    assert [one for one in found if not one.startswith(short)] == []
