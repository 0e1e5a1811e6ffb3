"""The fitting room in a frame on a shop's product page, request by request."""

import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.utils import timezone

from tests import factories
from tests.conftest import StrictClient
from tests.factories import picture_bytes
from tests.pages import flat
from tryon.models import EmbedCount, EmbedToken, Photo, Status, TryOn, User
from tryon.services import embed

SHOP = "https://shop.example.org"
PAGE = f"{SHOP}/dresses/7?size=m"
OTHER = "https://other.example.com"
HERE = {"HTTP_ORIGIN": "http://testserver"}


@pytest.fixture(autouse=True)
def embedded(settings, db, monkeypatch):
    settings.TRYON_EMBED_ORIGINS = [SHOP, OTHER]
    settings.SITE_URL = "http://testserver"
    monkeypatch.setattr(embed, "shown_buttons", embed.ShownButtons())
    monkeypatch.setattr(embed, "WRITE_EVERY", 3600)


@pytest.fixture
def piece():
    return factories.garment("upper_body", name="Wool blazer", sku="FR-1")


def browser(**kwargs) -> StrictClient:
    return StrictClient(enforce_csrf_checks=True, **kwargs)


def open_frame(client, page: str = PAGE, **query: str):
    address = {"garment": "FR-1", "return": page, **query}
    return client.get("/frame/try-on/", address, follow=True)


def token_of(response) -> str:
    html = response.content.decode()
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html).group(1)


def send_photo(client, response, data: bytes | None = None):
    form = {
        "photo_file": File("me.jpg", data or picture_bytes()),
        "consent": "on",
        "csrfmiddlewaretoken": token_of(response),
    }
    asked = {"HTTP_ACCEPT": "application/json", **HERE}
    return client.post("/frame/photos/", form, **asked)


def try_on(client, response, photo: Photo, piece):
    form = {
        "photo": str(photo.pk),
        piece.slot: str(piece.pk),
        "csrfmiddlewaretoken": token_of(response),
    }
    return client.post("/frame/try-on/", form, **HERE)


def counts() -> dict[tuple[str, str, str], int]:
    return {
        (row.step, row.origin, row.sku): row.count for row in EmbedCount.objects.all()
    }


@pytest.mark.parametrize(
    "path", ["/embed.js", "/embed/garments?sku=FR-1", "/frame/try-on/?garment=FR-1"]
)
def test_off_where_no_page_may_show_it(client, settings, path):
    settings.TRYON_EMBED_ORIGINS = []
    response = client.get(path)
    assert response.status_code == 404
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


def test_from_the_button_to_the_picture_on_its_way(piece):
    client = browser()
    page = open_frame(client)
    assert page.status_code == 200
    html = page.content.decode()
    assert f'value="{piece.pk}"' in html and "Wool blazer" in html
    assert re.findall(r'(?:href|action)="(/(?!frame/|static/)[^"]*)"', html) == []
    assert '<header class="bar frame-bar">' in html and "<footer" not in html
    assert send_photo(client, page).status_code == 201
    response = try_on(client, page, Photo.objects.get(), piece)
    made = TryOn.objects.get()
    assert response["Location"] == f"/frame/try-on/{made.pk}/"
    assert (made.source, made.origin, made.owner.is_guest) == ("embed", SHOP, True)
    waiting = client.get(response["Location"])
    assert 'data-told="started"' in waiting.content.decode()
    assert counts() == {
        ("opened", SHOP, "FR-1"): 1,
        ("photo", SHOP, "FR-1"): 1,
        ("tried", SHOP, "FR-1"): 1,
    }


def test_a_top_and_a_bottom_are_both_chosen(piece):
    trousers = factories.garment("lower_body", name="Trousers", sku="FR-2")
    page = browser().get(
        f"/frame/try-on/?garment=FR-1&garment=FR-2&return={PAGE}", follow=True
    )
    checked = re.findall(
        r'value="([0-9a-f-]+)"[^>]*checked', flat(page.content.decode())
    )
    assert {str(piece.pk), str(trousers.pk)} <= set(checked)


def test_a_photo_that_comes_with_the_form_is_counted_too(piece):
    """Where the page's script did not send it at once."""
    client = browser()
    page = client.get(
        "/frame/try-on/",
        {"garment": ["FR-1", "FR-2"], "return": PAGE},
        follow=True,
    )
    form = {"photo_file": File("me.jpg", picture_bytes()), "consent": "on"}
    form |= {"top": str(piece.pk), "csrfmiddlewaretoken": token_of(page)}
    assert client.post("/frame/try-on/", form, **HERE).status_code == 302
    assert counts() == {
        (step, SHOP, "FR-1"): 1 for step in ("opened", "photo", "tried")
    }


def test_its_cookie_is_its_own(piece, settings):
    settings.SECURE = True
    client = browser()
    client.get("/frame/try-on/", {"garment": "FR-1", "return": PAGE}, secure=True)
    assert list(client.cookies) == ["__Host-frame-sessionid"]
    cookie = client.cookies["__Host-frame-sessionid"].OutputString()
    for part in ("HttpOnly", "Path=/", "SameSite=None", "Secure", "Partitioned"):
        assert part in cookie.split("; "), cookie
    assert "Domain" not in cookie


def test_on_this_machine_it_needs_no_https(piece):
    client = browser()
    open_frame(client)
    assert list(client.cookies) == ["frame-sessionid"]
    assert "SameSite=Lax" in client.cookies["frame-sessionid"].OutputString()


def test_neither_session_is_the_others(piece, as_alice, alice):
    """Signed in on our own site is nobody in a frame, and the other way round."""
    photo = factories.photo(alice)
    assert photo.url in as_alice.get("/try-on/").content.decode()
    assert photo.url not in open_frame(as_alice).content.decode()
    assert as_alice.get(f"/frame{photo.url}").status_code == 404
    shopper = browser()
    send_photo(shopper, open_frame(shopper))
    theirs = Photo.objects.exclude(owner=alice).get()
    assert shopper.get(f"/frame{theirs.url}").status_code == 200
    assert shopper.get(theirs.url).status_code == 404
    shopper.cookies["sessionid"] = shopper.cookies["frame-sessionid"].value


def test_a_customer_of_the_frame_is_nobody_outside(piece):
    """Also with the frame's cookie under the other name."""
    shopper = browser()
    _row, token = embed.create_token(customer="c-7", now=timezone.now())
    page = open_frame(shopper, token=token)
    send_photo(shopper, page)
    photo = Photo.objects.get()
    outside = browser()
    outside.cookies["sessionid"] = shopper.cookies["frame-sessionid"].value
    assert outside.get(photo.url).status_code == 404


def test_who_may_be_around_it(client, piece):
    inside = open_frame(client)
    policy = inside["Content-Security-Policy"]
    assert f"frame-ancestors {SHOP} {OTHER};" in f"{policy};"
    assert "X-Frame-Options" not in inside
    for path in ("/", "/try-on/", "/gallery/", "/account/login/", "/nothing/"):
        outside = client.get(path)
        assert "frame-ancestors 'none'" in outside["Content-Security-Policy"]
        assert outside["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "origin", [None, "null", SHOP, "http://testserver.evil.example"]
)
def test_forms_come_from_the_frame_itself(piece, origin):
    client = browser()
    token = token_of(open_frame(client))
    headers = {} if origin is None else {"HTTP_ORIGIN": origin}
    form = {"photo_file": File("me.jpg", picture_bytes()), "consent": "on"}
    form["csrfmiddlewaretoken"] = token
    assert client.post("/frame/photos/", form, **headers).status_code == 403
    assert not Photo.objects.exists()


@pytest.mark.parametrize("secret", ["", "x" * 64])
def test_forms_need_the_secret_of_their_session(piece, secret):
    client, other = browser(), browser()
    open_frame(client)
    foreign = token_of(open_frame(other))
    for token in (secret, foreign):
        form = {"photo_file": File("a.jpg", picture_bytes()), "consent": "on"}
        form["csrfmiddlewaretoken"] = token
        response = client.post("/frame/photos/", form, **HERE)
        assert response.status_code == 403
    assert not Photo.objects.exists()


def test_a_script_is_told_where_to_go(piece):
    client = browser()
    page = open_frame(client)
    send_photo(client, page)
    form = {"photo": Photo.objects.get().pk, "top": piece.pk}
    form["csrfmiddlewaretoken"] = token_of(page)
    response = client.post("/frame/try-on/", form, HTTP_X_FRAME_FORM="1", **HERE)
    assert json.loads(response.content) == {
        "location": f"/frame/try-on/{TryOn.objects.get().pk}/"
    }


@pytest.mark.parametrize("path", ["privacy/", "account/login/", "account/signup/", ""])
def test_other_pages_open_in_a_window_of_their_own(client, piece, path):
    open_frame(client)
    html = client.get(f"/frame/{path}").content.decode()
    assert f'href="http://testserver/{path}" target="_blank"' in html


@pytest.mark.parametrize(
    "path",
    ["admin/", "api/v1/photos", "metrics", "readyz", "language/", "frame/", "s/x/"],
)
def test_nothing_else_is_below_frame(as_staff, path):
    response = as_staff.get(f"/frame/{path}")
    assert response.status_code == 404
    assert as_staff.post(f"/frame/{path}", **HERE).status_code in (403, 404)


def test_a_browser_that_keeps_no_cookie(piece):
    first = browser().get("/frame/try-on/", {"garment": "FR-1", "return": PAGE})
    page = browser().get(first["Location"])
    html = page.content.decode()
    assert "Your browser keeps no cookies here" in html
    assert (
        'href="http://testserver/try-on/?garment=FR-1&amp;return=https%3A%2F%2F' in html
    )
    assert 'target="_blank"' in html


def test_it_speaks_the_shops_language(piece):
    client = browser(headers={"accept-language": "en"})
    page = open_frame(client, lang="de")
    assert '<html lang="de"' in page.content.decode()
    send_photo(client, page)
    assert '<html lang="de"' in client.get("/frame/gallery/").content.decode()
    assert '<html lang="en"' in open_frame(client, lang="xx").content.decode()


def test_days_and_times_are_the_shoppers(piece):
    client = browser()
    page = open_frame(client)
    send_photo(client, page)
    User.objects.update(guest_expires_at=timezone.now() + timedelta(hours=1))
    there = {}
    for zone in ("Asia/Tokyo", "America/New_York"):
        client.cookies["frame-tz"] = zone
        html = client.get("/frame/gallery/").content.decode()
        there[zone] = re.search(r"all of this goes ([^.]+)\.", flat(html)).group(1)
    assert there["Asia/Tokyo"] != there["America/New_York"]


def test_an_address_alone_opens_it_too(client, piece):
    """Without our script: a plain frame, whose origin its Referer tells."""
    address = "/frame/try-on/?garment=FR-1"
    page = client.get(address, follow=True, HTTP_REFERER=f"{OTHER}/")
    assert "Wool blazer" in page.content.decode()
    assert counts() == {("opened", OTHER, "FR-1"): 1}


@pytest.mark.parametrize(
    "page", ["https://evil.example/", "javascript:alert(1)", "http://[", "x" * 9000]
)
def test_a_page_that_is_not_in_the_list_is_not_believed(client, piece, page):
    response = open_frame(client, page=page)
    assert response.status_code == 200
    assert client.session is not None
    assert counts() == {("opened", "", "FR-1"): 1}


class TestToken:
    @pytest.fixture
    def token(self) -> str:
        return embed.create_token(customer="c-7", now=timezone.now())[1]

    def test_the_shopper_is_the_shops_customer(self, piece, token):
        client = browser()
        page = open_frame(client, token=token)
        assert token not in page.request["QUERY_STRING"]
        send_photo(client, page)
        assert Photo.objects.get().owner.external_id == "c-7"
        assert "You are a guest" not in client.get("/frame/gallery/").content.decode()

    def test_is_for_one_browser(self, piece, token):
        first = browser()
        open_frame(first, token=token)
        second = open_frame(browser(), token=token)
        assert second.status_code == 403
        assert "This page was open for too long" in second.content.decode()
        again = open_frame(first, token=token)  # the dialog is opened once more
        assert again.status_code == 200

    def test_ends(self, piece, token):
        EmbedToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        page = open_frame(browser(), token=token)
        assert page.status_code == 403
        assert "Go on as a guest" in page.content.decode()

    @pytest.mark.parametrize("token", ["x", "\x00", "ä" * 3000])
    def test_what_is_none(self, piece, token):
        assert open_frame(browser(), token=token).status_code == 403

    def test_a_guest_keeps_what_they_made(self, piece, token):
        client = browser()
        send_photo(client, open_frame(client))
        guest = Photo.objects.get().owner
        assert guest.is_guest
        open_frame(client, token=token)
        assert Photo.objects.get().owner.external_id == "c-7"
        assert not User.objects.filter(pk=guest.pk).exists()

    def test_without_it_the_next_one_is_a_guest(self, piece, token):
        """Signed out of the shop, on the same browser."""
        client = browser()
        send_photo(client, open_frame(client, token=token))
        page = open_frame(client)
        assert Photo.objects.get().url not in page.content.decode()

    def test_another_customer_is_not_the_one_before(self, piece, token):
        client = browser()
        send_photo(client, open_frame(client, token=token))
        other = embed.create_token(customer="c-8", now=timezone.now())[1]
        page = open_frame(client, token=other)
        assert Photo.objects.get().owner.external_id == "c-7"
        assert Photo.objects.get().url not in page.content.decode()

    def test_who_was_deleted_is_gone(self, piece, token):
        User.objects.get(external_id="c-7").delete()
        assert open_frame(browser(), token=token).status_code == 403


class TestBasket:
    def ready(self, client, piece) -> TryOn:
        page = open_frame(client, basket="1")
        send_photo(client, page)
        owner = Photo.objects.get().owner
        made = factories.try_on(owner, Status.COMPLETED, garment=piece)
        TryOn.objects.update(source="embed", origin=SHOP)
        return made

    def test_is_offered_where_there_is_one(self, piece):
        client = browser()
        made = self.ready(client, piece)
        page = client.get(f"/frame/try-on/{made.pk}/")
        html = page.content.decode()
        assert "Add to basket" in html and f'data-sku="{piece.sku}"' in html
        form = {"csrfmiddlewaretoken": token_of(page)}
        client.post(f"/frame/try-on/{made.pk}/basket/", form, **HERE)
        assert counts()["basket", SHOP, "FR-1"] == 1

    def test_is_not_offered_otherwise(self, piece):
        client = browser()
        made = self.ready(client, piece)
        open_frame(client)
        html = client.get(f"/frame/try-on/{made.pk}/").content.decode()
        assert "Add to basket" not in html


class TestKeep:
    def test_an_account_takes_the_pictures(self, piece, alice):
        shopper = browser()
        send_photo(shopper, open_frame(shopper))
        bar = shopper.get("/frame/gallery/").content.decode()
        assert 'href="/frame/keep/"' in bar
        html = shopper.get("/frame/keep/").content.decode()
        address = re.search(r'href="http://testserver(/keep/[^"]+)"', html).group(1)
        window = StrictClient()
        assert window.get(address)["Location"] == "/account/signup/"
        assert Photo.objects.get().owner.is_guest  # nothing is shown or moved yet
        assert Photo.objects.get().url not in window.get("/try-on/").content.decode()
        window.post(
            "/account/login/", {"login": alice.email, "password": "a long password"}
        )
        assert Photo.objects.get().owner == alice

    def test_who_is_signed_in_is_asked(self, piece, as_alice, alice):
        shopper = browser()
        send_photo(shopper, open_frame(shopper))
        html = shopper.get("/frame/keep/").content.decode()
        address = re.search(r'href="http://testserver(/keep/[^"]+)"', html).group(1)
        assert "Take the pictures along" in as_alice.get(address).content.decode()
        assert Photo.objects.get().owner.is_guest
        as_alice.post(address)
        assert Photo.objects.get().owner == alice

    def test_a_link_that_has_run_out(self, client):
        page = client.get("/keep/nonsense/")
        assert page.status_code == 410
        assert "This link has run out" in page.content.decode()


class TestButtons:
    ADDRESS = "/embed/garments?sku=FR-1&sku=FR-9&lang=de&lang=en-US"

    def test_tell_what_can_be_tried_on(self, client, piece):
        response = client.get(self.ADDRESS, HTTP_ORIGIN=SHOP)
        told = response.json()
        assert told["garments"] == {
            "FR-1": {"name": "Wool blazer", "kind": "upper_body"}
        }
        assert set(told["texts"]) == {"de", "en-US"}
        assert response["Access-Control-Allow-Origin"] == SHOP
        assert response["Cache-Control"] == "public, max-age=300"
        assert "Origin" in response["Vary"] and "Cookie" not in response["Vary"]
        assert not response.cookies

    def test_as_a_script_for_strict_pages(self, client, piece):
        response = client.get(f"{self.ADDRESS}&module=", HTTP_ORIGIN=SHOP)
        assert response["Content-Type"] == "text/javascript"
        text = response.content.decode().removeprefix("export default ")
        assert json.loads(text.rstrip(";\n"))["garments"].keys() == {"FR-1"}

    def test_of_a_page_that_is_not_in_the_list(self, client, piece):
        response = client.get(self.ADDRESS, HTTP_ORIGIN="https://evil.example")
        assert "Access-Control-Allow-Origin" not in response

    def test_unchanged(self, client, piece):
        etag = client.get(self.ADDRESS, HTTP_ORIGIN=SHOP)["ETag"]
        again = client.get(self.ADDRESS, HTTP_ORIGIN=SHOP, HTTP_IF_NONE_MATCH=etag)
        assert again.status_code == 304
        assert again["Access-Control-Allow-Origin"] == SHOP

    @pytest.mark.parametrize(
        "query", ["sku=FR-1,FR-9", "sku=FR-9&sku=FR-1", "sku=%20FR-1"]
    )
    def test_several_ways_to_ask(self, client, piece, query):
        assert set(client.get(f"/embed/garments?{query}").json()["garments"]) == {
            "FR-1"
        }

    @pytest.mark.parametrize("query", ["", "sku=", "sku=%00", "sku=" + "x" * 3000])
    def test_what_is_no_sku(self, client, piece, query):
        response = client.get(f"/embed/garments?{query}&lang=%00&lang=zz")
        assert response.status_code == 200 and response.json()["garments"] == {}

    def test_costs_one_query(self, client, piece, django_assert_num_queries):
        with django_assert_num_queries(1):
            client.get(self.ADDRESS, HTTP_ORIGIN=SHOP)

    def test_are_counted(self, client, piece):
        for _ in range(3):
            client.get(self.ADDRESS, HTTP_ORIGIN=SHOP)
        embed.shown_buttons.write(timezone.now())
        assert counts()["shown", SHOP, "FR-1"] == 3


def test_the_script(client):
    response = client.get("/embed.js")
    assert response["Content-Type"] == "text/javascript"
    assert response["Cache-Control"] == "public, max-age=3600"
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    again = client.get("/embed.js", HTTP_IF_NONE_MATCH=response["ETag"])
    assert again.status_code == 304
