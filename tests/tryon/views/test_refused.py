"""A form that is refused: why, the way back, and what had been chosen."""

import re
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File

from tests import factories
from tests.conftest import StrictClient
from tests.factories import picture_bytes
from tryon.models import Photo, Report, Share, Status, TryOn, User


@pytest.fixture
def browser(db):
    return StrictClient(enforce_csrf_checks=True)


PASSWORD = "correct horse battery"


@pytest.fixture
def anna(db):
    return User.objects.create_user("anna@example.org", PASSWORD)


def token_of(client, page: str = "/try-on/") -> str:
    html = client.get(page).content.decode()
    return re.search(r'csrfmiddlewaretoken" value="([^"]+)"', html)[1]


def sign_in(client) -> None:
    """In another tab: the token of the first is worth nothing from here on."""
    page = "/account/login/"
    data = {"login": "anna@example.org", "password": PASSWORD}
    data["csrfmiddlewaretoken"] = token_of(client, page)
    assert client.post(page, data).status_code == 302


def back(html: str) -> str:
    link = re.search(r'<a class="button primary" href="([^"]+)">Go on', html)
    return link[1].replace("&amp;", "&")


def test_signed_in_in_another_tab_the_choice_is_there_with_one_press(browser, anna):
    """A guest's photo and clothes, and the filters that were set."""
    shirt = factories.garment(name="Shirt", sku="A")
    skirt = factories.garment("lower_body", name="Skirt", sku="B")
    token = token_of(browser)
    photo = {"photo_file": File("me.jpg", picture_bytes()), "consent": "on"}
    browser.post("/photos/", {**photo, "csrfmiddlewaretoken": token})
    photo = Photo.objects.get()
    assert photo.owner.is_guest
    form = {"photo": photo.pk, "top": shirt.pk, "bottom": skirt.pk, "full": ""}
    form |= {"csrfmiddlewaretoken": token, "evil": "x", "token": uuid.uuid4()}
    sign_in(browser)
    response = browser.post("/try-on/?of=catalogue&q=s&garment=X", form)
    html = response.content.decode()
    assert response.status_code == 403
    assert "You signed in meanwhile" in html
    assert "What you had chosen is still there." in html
    assert not TryOn.objects.exists()
    link = urlsplit(back(html))
    assert (link.path, parse_qs(link.query)) == (
        "/try-on/",
        {
            "of": ["catalogue"],
            "q": ["s"],
            "photo": [str(photo.pk)],
            "top": [str(shirt.pk)],
            "bottom": [str(skirt.pk)],
        },
    )
    page = browser.get(back(html)).content.decode()
    for row in (photo, shirt, skirt):
        assert re.search(rf'value="{row.pk}"[^>]* checked', page)
    form["csrfmiddlewaretoken"] = token_of(browser)
    assert browser.post("/try-on/", form).status_code == 302
    assert TryOn.objects.get().owner == anna


def test_of_several_pieces_each_is_there(browser, anna):
    pieces = [str(factories.garment().pk) for _ in range(3)]
    token = token_of(browser)
    sign_in(browser)
    form = {"pieces": [*pieces, "x"], "several": "1", "csrfmiddlewaretoken": token}
    html = browser.post("/try-on/", form).content.decode()
    page = browser.get(back(html)).content.decode()
    assert {pk for pk in pieces if re.search(rf'"{pk}"[^>]* checked', page)} == {
        *pieces
    }


def test_a_picture_in_the_form_must_be_picked_again(browser, anna):
    token = token_of(browser)
    sign_in(browser)
    form = {"photo_file": File("me.jpg", picture_bytes())}
    html = browser.post(
        "/try-on/", {**form, "csrfmiddlewaretoken": token}
    ).content.decode()
    assert "Only the picture that was to be sent must be picked again." in html


def told(response) -> str:
    assert response.status_code == 403
    return re.search(r"<h1>(.*)</h1>", response.content.decode())[1]


def test_the_true_reason(browser, anna):
    page, token = "/try-on/", token_of(browser)
    assert told(browser.post(page, {})) == "That did not arrive whole"
    other = {"csrfmiddlewaretoken": "x" * 64}
    assert told(browser.post(page, other)) == "This page was open for too long"
    sign_in(browser)
    old = {"csrfmiddlewaretoken": token}
    assert told(browser.post(page, old)) == "You signed in meanwhile"
    empty = StrictClient(enforce_csrf_checks=True)
    assert told(empty.post(page, old)) == "Your browser sent no cookie"


FROM_ELSEWHERE = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FROM_ELSEWHERE)
@pytest.mark.parametrize("path", ["/try-on/", "report"])
def test_another_site_brings_nothing_along(browser, anna, headers, path):
    row = factories.try_on(anna, Status.COMPLETED)
    path = f"/try-on/{row.pk}/report/" if path == "report" else path
    sign_in(browser)
    form = {"photo": uuid.uuid4(), "reason": "body", "text": "buy at evil.example"}
    headers = {**headers, "Referer": "https://evil.example/x", "X-Page-For": ""}
    response = browser.post(path, form, headers=headers)
    assert told(response) == "This form did not come from here"
    html = response.content.decode()
    assert back(html) == "/try-on/"
    assert "evil.example" not in html
    assert "X-CSRFToken" not in response


def test_typed_texts_are_shown_and_go_with_one_press(browser, anna):
    row = factories.try_on(anna, Status.COMPLETED)
    page = f"/try-on/{row.pk}/report/"
    token = token_of(browser)
    sign_in(browser)
    form = {"reason": "body", "text": "<b>Two</b> arms", "csrfmiddlewaretoken": token}
    html = browser.post(page, {**form, "other": "x"}).content.decode()
    assert f'action="{page}"' in html
    assert "&lt;b&gt;Two&lt;/b&gt; arms" in html
    assert re.search(r'value="body"[^>]* checked', html)
    assert 'name="other"' not in html
    form["csrfmiddlewaretoken"] = re.findall(
        r'csrfmiddlewaretoken" value="([^"]+)"', html
    )[-1]
    assert browser.post(page, form).status_code == 302
    assert Report.objects.get().text == "<b>Two</b> arms"


@pytest.mark.parametrize("page", ["share", "shared"])
def test_so_do_a_link_and_a_vote(browser, anna, page, now):
    from tryon import services

    row = factories.try_on(anna, Status.COMPLETED)
    share = services.create_share(try_on=row, days=7, with_photo=False, now=now)
    pages = {"share": f"/try-on/{row.pk}/share/", "shared": f"/s/{share.token}/"}
    sent = {"share": {"days": "30"}, "shared": {"vote": "up", "comment": "Nice"}}
    token = token_of(browser)
    sign_in(browser)
    form = {**sent[page], "csrfmiddlewaretoken": token}
    html = browser.post(pages[page], form).content.decode()
    assert f'action="{pages[page]}"' in html
    for value in sent[page].values():
        assert f'value="{value}"' in html
    assert Share.objects.count() == 1


def test_a_button_leads_back_to_its_page(browser, anna):
    row = factories.try_on(anna, Status.FAILED)
    token = token_of(browser)
    sign_in(browser)
    here = {"Referer": f"http://testserver/try-on/{row.pk}/?x=1"}
    form = {"csrfmiddlewaretoken": token}
    html = browser.post(f"/try-on/{row.pk}/retry/", form, headers=here)
    assert back(html.content.decode()) == f"/try-on/{row.pk}/?x=1"


# --- by script ------------------------------------------------------------------------


def scripted(browser, token, page_for, **more):
    photo = File("me.jpg", picture_bytes())
    form = {"photo_file": photo, "csrfmiddlewaretoken": token, **more}
    headers = {"Accept": "application/json", "X-Page-For": page_for}
    return browser.post("/photos/", form, headers=headers)


def test_a_guests_page_gets_a_fresh_token_and_sends_again(browser, anna):
    token = token_of(browser)
    sign_in(browser)
    refused = scripted(browser, token, "")
    assert refused.status_code == 403
    assert refused.json()["error"].startswith("You signed in meanwhile. ")
    assert (
        scripted(browser, refused["X-CSRFToken"], "", consent="on").status_code == 201
    )
    assert Photo.objects.get().owner == anna


def test_anothers_page_gets_none(browser, anna, bob):
    """What was chosen on Bob's page is not put among Anna's by itself."""
    token = token_of(browser)
    sign_in(browser)
    assert "X-CSRFToken" not in scripted(browser, token, str(bob.pk))
    assert "X-CSRFToken" in scripted(browser, token, str(anna.pk))
    html = browser.get("/try-on/").content.decode()
    assert f'data-for="{anna.pk}"' in html
    assert 'data-for=""' in StrictClient().get("/try-on/").content.decode()


def test_no_script_no_token(browser, anna):
    token = token_of(browser)
    sign_in(browser)
    form = {"csrfmiddlewaretoken": token}
    assert "X-CSRFToken" not in browser.post("/photos/", form)


# --- the session has ended ------------------------------------------------------------


def test_signed_out_meanwhile_the_choice_comes_along(client, anna):
    photo, shirt = factories.photo(anna), factories.garment()
    response = client.post("/try-on/", {"photo": photo.pk, "top": shirt.pk})
    login = response["Location"]
    assert login.startswith("/account/login/?next=")
    assert "Sign in again" in client.get(login).content.decode()
    data = {"login": "anna@example.org", "password": PASSWORD}
    following = parse_qs(urlsplit(login).query)["next"][0]
    there = client.post("/account/login/", {**data, "next": following})["Location"]
    page = client.get(there).content.decode()
    for row in (photo, shirt):
        assert re.search(rf'value="{row.pk}"[^>]* checked', page)


def test_where_guests_are_not_welcome_too(client, db, settings):
    settings.TRYON_GUESTS = False
    shirt = factories.garment()
    login = client.post("/try-on/", {"top": shirt.pk})["Location"]
    assert str(shirt.pk) in login
    html = client.get(login).content.decode()
    assert f"/account/signup/?next=%2Ftry-on%2F%3Ftop%3D{shirt.pk}" in html


def test_after_signing_in_a_button_is_pressed_on_its_page(client, anna):
    """Its own address takes forms only."""
    row = factories.try_on(anna, Status.FAILED)
    headers = {"Referer": f"http://testserver/try-on/{row.pk}/"}
    response = client.post(f"/try-on/{row.pk}/retry/", headers=headers)
    assert response["Location"] == f"/account/login/?next=/try-on/{row.pk}/"
    headers = {"Referer": "https://evil.example/try-on/"}
    response = client.post(f"/try-on/{row.pk}/retry/", headers=headers)
    assert response["Location"] == "/account/login/?next=/try-on/"
