"""Where a request comes from, and how often it may do something."""

import pytest
from django.test import RequestFactory

from tryon import throttle


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
    ],
)
def test_the_address_behind_proxies(settings, remote, forwarded, expected):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, **headers)
    assert throttle.address(request) == expected


def test_so_many_and_no_more_for_each_address_and_subject():
    rate = throttle.Rate("test", most=2, seconds=60)
    request = RequestFactory().get("/")
    other = RequestFactory().get("/", REMOTE_ADDR="203.0.113.9")
    assert [rate.allows(request, "a") for _ in range(3)] == [True, True, False]
    assert rate.allows(request, "b")
    assert rate.allows(other, "a")
