import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.factories import NOW
from tryon import services
from tryon.models import Status, TryOn, User
from tryon.services import quotas


def create(owner, **fields):
    return services.create_try_on(
        owner=owner,
        photo=fields.pop("photo", None) or factories.photo(owner),
        outfit=services.Outfit(factories.garment()),
        now=fields.pop("now", NOW),
        **fields,
    )[0]


def test_counts_a_rolling_day(alice, settings):
    settings.TRYON_DAILY_LIMIT = 2
    create(alice, now=NOW - timedelta(hours=25))
    create(alice, now=NOW - timedelta(hours=23))
    told = quotas.count_tries(alice, NOW)
    assert (told.used, told.left, told.next_at) == (1, 1, None)
    create(alice, now=NOW)
    told = quotas.count_tries(alice, NOW)
    assert (told.left, told.next_at) == (0, NOW + timedelta(hours=1))


def test_over_the_limit_a_sentence_says_when(alice, settings):
    settings.TRYON_DAILY_LIMIT = 1
    create(alice)
    with pytest.raises(
        quotas.LimitReached, match=r"today's 1 try\..*free tomorrow at 14:00"
    ):
        create(alice)


def test_cancelled_and_failed_ones_cost_none(alice, settings):
    settings.TRYON_DAILY_LIMIT = 1
    services.cancel(try_on=create(alice), now=NOW, by=alice)
    assert quotas.count_tries(alice, NOW).used == 0


def test_deleting_history_gives_none_back(alice, settings):
    settings.TRYON_DAILY_LIMIT = 1
    done = factories.try_on(alice, Status.COMPLETED)
    services.delete_try_on(try_on=done, now=NOW, by=alice)
    assert quotas.count_tries(alice, NOW).used == 1


def test_guests_have_few(db, settings):
    settings.TRYON_GUEST_LIMIT = 1
    guest = User.objects.get_or_create_guest("g" * 64, NOW)
    create(guest)
    with pytest.raises(
        quotas.LimitReached,
        match=r"Guests have 1 try\. With an account it is 20 tries a day\.",
    ):
        create(guest)


def test_a_ceiling_protects_the_shop(alice, bob, settings):
    settings.TRYON_SHOP_DAILY_LIMIT = 1
    create(alice)
    with pytest.raises(quotas.LimitReached, match="full for today"):
        create(bob)


def test_a_blocked_account(alice):
    User.objects.update(blocked_at=NOW)
    with pytest.raises(quotas.LimitReached, match="paused"):
        create(alice)


def test_a_raised_limit(alice, settings):
    settings.TRYON_DAILY_LIMIT = 0
    User.objects.update(daily_limit=1)
    alice.refresh_from_db()
    create(alice)
    assert quotas.count_tries(alice, NOW).left == 0


@pytest.mark.django_db(transaction=True)
def test_of_fifty_requests_for_the_last_try_exactly_one_passes(alice, settings):
    settings.TRYON_DAILY_LIMIT = 1
    photo = factories.photo(alice)
    client = Client()
    client.force_login(alice)
    ready = threading.Barrier(50)

    def press(piece) -> int:
        """As from a browser of its own, signed in like the others."""
        mine = Client()
        mine.cookies = client.cookies
        fields = {"photo": photo.pk, "top": piece.pk, "token": str(uuid.uuid4())}
        ready.wait()
        try:
            return mine.post("/try-on/", fields).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as pool:
        answers = sorted(pool.map(press, factories.garments(50)))
    assert answers == [302] + [422] * 49
    assert TryOn.objects.count() == 1


@pytest.mark.parametrize(
    ("zone", "words"),
    [("Asia/Kathmandu", "at 05:15"), ("Europe/Berlin", "tomorrow at 01:30")],
)
def test_when_is_told_by_the_clock_of_whoever_reads(zone, words):
    """19:00 and 23:30 UTC: one day in Kathmandu, two in Berlin."""
    now = NOW + timedelta(hours=5)
    with timezone.override(zone):
        assert (
            quotas.describe_moment(NOW + timedelta(hours=9, minutes=30), now) == words
        )
