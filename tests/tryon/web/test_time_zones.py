"""Times are shown by the visitor's clock; rules and documents keep the shop's."""

import io
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tests.pages import flat
from tryon.models import Status, User
from tryon.web import local_days

pytestmark = pytest.mark.anywhere

KATHMANDU, TOKYO, HONOLULU = "Asia/Kathmandu", "Asia/Tokyo", "Pacific/Honolulu"


@pytest.fixture
def shop(settings):
    settings.TIME_ZONE = KATHMANDU  # 5:45 ahead


def text(client, path: str, zone: str | None = None) -> str:
    if zone is not None:
        client.cookies["tz"] = zone
    return flat(client.get(path).content.decode())


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        (None, "19:45"),
        ("Europe/Berlin", "16:00"),
        (TOKYO, "23:00"),
        ("Asia/Calcutta", "19:30"),  # what Chromium still calls it
        ("Europe/Kiev", "17:00"),
        ("Etc/GMT+5", "09:00"),
        ("UTC", "14:00"),
        ("", "19:45"),
        ("Middle-earth/Shire", "19:45"),
        ("europe/berlin", "19:45"),
        ("../../../../etc/passwd", "19:45"),
        ("/etc/localtime", "19:45"),
        ("posix/Europe/Berlin", "19:45"),
        ("a" * 3000, "19:45"),
        ('"Europe/Berlin', "19:45"),
        ("tzdata.zi", "19:45"),
        ("%00", "19:45"),
    ],
)
def test_the_clock_is_the_visitors_else_the_shops(shop, as_alice, alice, zone, shown):
    factories.try_on(alice, Status.COMPLETED)
    assert f">{shown}<" in text(as_alice, "/gallery/", zone)


def test_nothing_of_it_stays_for_the_next_request(shop, client, as_alice, alice):
    factories.try_on(alice, Status.COMPLETED)
    text(as_alice, "/gallery/", TOKYO)
    assert timezone.get_current_timezone_name() == KATHMANDU
    as_alice.cookies["tz"] = ""
    assert ">19:45<" in text(as_alice, "/gallery/")


def test_a_name_that_is_no_zone_opens_no_file(monkeypatch):
    local_days.zones()
    monkeypatch.setattr("zoneinfo.ZoneInfo", pytest.fail)
    for name in ("../../etc/passwd", "/etc/passwd", "x" * 100_000, "\0", "a/../b"):
        assert local_days.find_zone(name) is None


def test_days_are_the_visitors(shop, as_alice, alice):
    """One moment is today here and yesterday there."""
    now = timezone.now()
    midnight = local_days.find_midnight(
        timezone.localdate(now, local_days.find_zone(TOKYO))
    )
    with timezone.override(TOKYO):
        begins = local_days.find_begin(now, 1)
    assert midnight.date() == begins.date()
    factories.try_on(alice, Status.COMPLETED, created_at=begins - timedelta(minutes=1))
    html = text(as_alice, "/gallery/", TOKYO)
    assert re.findall('class="day">([^<]+)', html) == ["Yesterday"]
    assert "state-completed" not in text(as_alice, "/gallery/?days=1", TOKYO)
    # There it is still the same day as a minute later, whatever day that is.
    with timezone.override(HONOLULU):
        same = timezone.localdate(begins) == timezone.localdate(now)
    html = text(as_alice, "/gallery/", HONOLULU)
    assert re.findall('class="day">([^<]+)', html) == ["Today" if same else "Yesterday"]


def test_when_the_next_try_comes_back(shop, as_alice, alice, settings):
    settings.TRYON_DAILY_LIMIT = 1
    made = timezone.now() - timedelta(hours=20)
    factories.try_on(alice, Status.COMPLETED, created_at=made)
    for zone in (TOKYO, HONOLULU):
        with timezone.override(zone):
            local = timezone.localtime(made + timedelta(days=1))
            later = local.date() > timezone.localdate()
        words = f"Next try {'tomorrow ' if later else ''}at {local:%H:%M}"
        assert words in text(as_alice, "/try-on/", zone)


def test_the_limit_itself_is_the_same_in_every_zone(shop, as_alice, alice, settings):
    settings.TRYON_DAILY_LIMIT = 1
    factories.try_on(alice, Status.COMPLETED, created_at=timezone.now())
    for zone in (TOKYO, HONOLULU):
        assert "Next try" in text(as_alice, "/try-on/", zone)


def test_a_receipt_keeps_the_shops_clock_and_says_so(shop, as_alice, alice):
    made = factories.try_on(alice, Status.COMPLETED)
    html = text(as_alice, f"/try-on/{made.pk}/receipt/", TOKYO)
    assert "19:45:00" in html and "23:00:00" not in html
    assert f"Times are the shop's: {KATHMANDU}." in html


def test_staff_at_work_keep_the_shops(shop, as_staff, alice):
    factories.try_on(alice, Status.COMPLETED)
    html = text(as_staff, "/admin/tryon/tryon/", TOKYO)
    assert "7:45 p.m." in html and "11 p.m." not in html


def test_a_guest_reads_when_all_of_it_goes(shop, client, db):
    client.get("/try-on/")
    form = {
        "photo_file": io.BytesIO(factories.picture_bytes()),
        "consent": "on",
    }
    assert client.post("/photos/", form).status_code == 302
    expires = User.objects.get().guest_expires_at
    with timezone.override(TOKYO):
        there = f"{timezone.localtime(expires):%H:%M}"
    assert f"all of this goes tomorrow at {there}." in text(client, "/photos/", TOKYO)


def test_the_cookie_leaves_other_pages_alone(client, db):
    """Sent with everything, also with what nobody is signed in for."""
    client.cookies["tz"] = TOKYO
    for page in ("/", "/privacy/", "/healthz", "/account/login/", "/s/nothing/"):
        assert client.get(page).status_code in (200, 404)
