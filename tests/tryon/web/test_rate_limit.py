"""Where a request comes from, and how often it may do something."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory

from tests.factories import NOW
from tryon.models import TokenBucket
from tryon.web import rate_limit


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody we trust says so
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "198.51.100.1, 10.0.0.3", "198.51.100.1"),
        ("10.0.0.2", "", "10.0.0.2"),
        ("10.0.0.2", "nonsense", "nonsense"),
        ("", "", ""),
        ("10.0.0.2", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.2", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.2", "2001:db8::1", "2001:db8::1"),
        ("::ffff:10.0.0.2", "::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_address_behind_proxies(settings, remote, forwarded, expected):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, **headers)
    assert rate_limit.find_address(request) == expected


def from_address(address: str):
    return RequestFactory().get("/", REMOTE_ADDR=address)


def test_so_many_and_no_more_for_each_address_and_subject(db):
    rate = rate_limit.Rate("test", most=2, seconds=60)
    request, other = from_address("127.0.0.1"), from_address("203.0.113.9")
    assert [rate.allows(request, "a") for _ in range(3)] == [True, True, False]
    assert rate.allows(request, "b")
    assert rate.allows(other, "a")


def test_a_household_of_ipv6_is_one(db):
    rate = rate_limit.Rate("test", most=2, seconds=60)
    addresses = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:a:b:c:d"]
    assert [rate.allows(from_address(a)) for a in addresses] == [True, True, False]
    assert rate.allows(from_address("2001:db8:1:3::1"))


def test_a_day_is_a_day_however_quiet_it_was(db):
    """In Django's cache tables the second hit cut the day to five minutes."""
    rate = rate_limit.Rate("test", most=50, seconds=24 * 3600)
    request = from_address("203.0.113.9")
    with time_machine.travel(NOW, tick=False) as clock:
        assert sum(rate.allows(request) for _ in range(60)) == 50
        clock.shift(timedelta(minutes=6))
        assert not rate.allows(request)
        clock.shift(timedelta(hours=24))
        assert sum(rate.allows(request) for _ in range(60)) == 50


def test_a_clock_that_was_set_back_locks_nobody_out(db):
    rate = rate_limit.Rate("test", most=2, seconds=60)
    request = from_address("203.0.113.9")
    with time_machine.travel(NOW, tick=False) as clock:
        assert [rate.allows(request) for _ in range(3)] == [True, True, False]
        clock.shift(timedelta(days=-30))
        assert [rate.allows(request) for _ in range(3)] == [True, True, False]


def test_who_read_the_clock_first_may_come_last(db):
    rate = rate_limit.Rate("test", most=5, seconds=3600)
    request = from_address("203.0.113.9")
    with time_machine.travel(NOW, tick=False) as clock:
        assert rate.allows(request)
        clock.shift(timedelta(milliseconds=-5))
        assert [rate.allows(request) for _ in range(5)] == [True] * 4 + [False]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_each_counts():
    rate, allowed = rate_limit.Rate("test", most=5, seconds=3600), []
    barrier = threading.Barrier(12)

    def hit() -> None:
        barrier.wait()
        allowed.append(rate.allows(from_address("203.0.113.9")))
        connection.close()

    threads = [threading.Thread(target=hit) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(allowed) == [False] * 7 + [True] * 5


def test_full_buckets_are_cleared_and_no_other(db):
    TokenBucket.take("old", most=1, seconds=60, now=NOW - timedelta(hours=2))
    TokenBucket.take("new", most=1, seconds=60, now=NOW)
    TokenBucket.clear_full(NOW)
    assert [row.key for row in TokenBucket.objects.all()] == ["new"]


def test_guessing_is_throttled_however_many_others_sign_in(client, alice):
    """The stock table forgets a third of all limits at its 300th row."""

    def guess() -> str:
        wrong = {"login": alice.email, "password": "wrong"}
        return client.post("/account/login/", wrong).content.decode()

    for _ in range(5):
        assert "Too many" not in guess()
    for n in range(700):
        cache.set(f"someone-{n}", [1.0], 300)
    assert "Too many" in guess()
