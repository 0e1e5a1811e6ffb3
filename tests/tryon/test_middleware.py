"""What stands at the edge: proxies, bodies, headers."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from tryon.middleware import EdgeMiddleware, tell_of_proxy


def scheme(settings, proxies, came, said) -> str:
    settings.TRUSTED_PROXIES = proxies
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    request = RequestFactory().get(
        "/privacy/", REMOTE_ADDR=came, HTTP_X_FORWARDED_PROTO=said
    )
    seen = []

    def answer(request):
        seen.append(request.scheme)
        return HttpResponse()

    EdgeMiddleware(answer)(request)
    return seen[0]


@pytest.mark.parametrize(
    ("proxies", "came", "expected"),
    [
        (["10.0.0.0/8"], "10.1.2.3", "https"),
        (["10.0.0.0/8"], "192.0.2.1", "http"),
        ([], "10.1.2.3", "http"),
        (["10.0.0.0/8"], "", "http"),
        (["::1"], "::1", "https"),
    ],
)
def test_only_a_trusted_proxy_says_https(settings, proxies, came, expected):
    assert scheme(settings, proxies, came, "https") == expected


def test_a_proxy_that_nobody_named_is_told_of_once(client, db, settings, caplog):
    """The browser only says that the page leads to itself."""
    settings.SECURE_SSL_REDIRECT, settings.TRUSTED_PROXIES = True, ["192.0.2.0/24"]
    tell_of_proxy.cache_clear()
    for came in ("198.51.100.7", "198.51.100.7", "192.0.2.1"):
        said = {"HTTP_X_FORWARDED_PROTO": "https", "REMOTE_ADDR": came}
        assert client.get("/privacy/", **said).status_code in (200, 301)
    (line,) = [row for row in caplog.records if row.name == "tryon.proxies"]
    assert "198.51.100.7" in line.getMessage()
    assert "TRUSTED_PROXIES" in line.getMessage()


@pytest.mark.parametrize("page", ["/try-on/", "/photos/", "/account/login/"])
def test_a_body_that_is_too_large_is_refused_unread(client, db, settings, page):
    """By what it announces: no byte of it is sent here."""
    settings.MAX_BODY_MB = 1
    response = client.generic(
        "POST", page, b"", CONTENT_LENGTH=str(2**20 + 1), CONTENT_TYPE="text/plain"
    )
    assert response.status_code == 413
    assert "larger than we take" in response.content.decode()


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "9" * 5000])
def test_a_length_that_is_none(client, db, length):
    response = client.generic("POST", "/photos/", b"", CONTENT_LENGTH=length)
    assert response.status_code == 413


def test_staff_may_send_a_catalogue(as_staff, settings):
    settings.MAX_BODY_MB, settings.MAX_STAFF_BODY_MB = 0, 1
    page = "/admin/tryon/catalogueimport/start/"
    assert as_staff.post(page, {}).status_code == 200
    settings.MAX_STAFF_BODY_MB = 0
    assert as_staff.post(page, {}).status_code == 413


def test_a_load_balancer_asks_by_http(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/privacy/").status_code == 301
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_what_each_answer_says_to_the_browser(client, db):
    response = client.get("/")
    assert "geolocation=()" in response["Permissions-Policy"]
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("page", ["/", "/try-on/", "/admin/", "/admin/tryon/key/"])
def test_the_policy_allows_nothing_inline(as_staff, page):
    policy = as_staff.get(page)["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_addresses_in_throttles_are_those_behind_the_proxy(client, alice, settings):
    """Else ten wrong passwords of one stranger would lock everybody out."""
    settings.TRUSTED_PROXIES = ["127.0.0.1"]

    def wrong(visitor):
        return client.post(
            "/account/login/",
            {"login": f"{visitor}@example.org", "password": "wrong"},
            headers={"X-Forwarded-For": visitor},
        ).content.decode()

    for _ in range(12):
        told = wrong("192.0.2.1")
    assert "Too many" in told
    assert "Too many" not in wrong("192.0.2.2")
