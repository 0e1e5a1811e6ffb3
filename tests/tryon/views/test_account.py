"""Sign up, in and out, and what becomes of a guest."""

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import get_hasher
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from tests import factories
from tests.conftest import StrictClient
from tests.factories import picture_bytes
from tryon.models import Photo, Status, User

PASSWORD = "a long password"


def test_sign_up_in_and_out(client, db):
    response = client.post(
        "/account/signup/", {"email": "New@Example.org", "password1": PASSWORD}
    )
    assert response["Location"] == "/try-on/"
    assert User.objects.get().email == "new@example.org"
    assert client.get("/account/").status_code == 200
    response = client.post("/account/logout/")
    assert response["Clear-Site-Data"] == '"cache"'
    assert client.get("/account/").status_code == 302
    client.post("/account/login/", {"login": "new@example.org", "password": PASSWORD})
    assert client.get("/account/").status_code == 200


def test_a_guest_who_signs_up_keeps_everything(client, db):
    client.get("/photos/")
    client.post(
        "/photos/",
        {"photo_file": File("me.jpg", picture_bytes()), "consent": "on"},
    )
    guest = User.objects.get()
    client.post("/account/signup/", {"email": "g@example.org", "password1": PASSWORD})
    user = User.objects.get()
    assert (user.pk, user.email) == (guest.pk, "g@example.org")
    assert not user.is_guest
    assert Photo.objects.get().url in client.get("/photos/").content.decode()


def test_a_guest_who_signs_in_brings_everything_along(client, alice):
    client.get("/photos/")
    client.post(
        "/photos/",
        {"photo_file": File("me.jpg", picture_bytes()), "consent": "on"},
    )
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert Photo.objects.get().owner == alice
    assert User.objects.count() == 1


def test_wrong_password_is_one_sentence(client, alice):
    response = client.post("/account/login/", {"login": alice.email, "password": "no"})
    assert "do not go together" in response.content.decode()


def test_guessing_is_throttled(client, alice):
    for _ in range(12):
        response = client.post(
            "/account/login/", {"login": alice.email, "password": "wrong"}
        )
    assert "Too many" in response.content.decode() or response.status_code == 429


def test_a_known_address_cannot_sign_up_again(client, alice):
    before = User.objects.count()
    client.post("/account/signup/", {"email": alice.email, "password1": PASSWORD})
    assert User.objects.count() == before


def test_password_reset_by_letter(client, alice):
    response = client.post("/account/password/reset/", {"email": alice.email})
    page = client.get(response["Location"]).content.decode()
    assert "If we know that address" in page
    (letter,) = mail.outbox
    link = next(w for w in letter.body.split() if "/password/reset/key/" in w)
    response = client.get(link, follow=True)
    address = response.redirect_chain[-1][0]
    client.post(
        address, {"password1": "another password", "password2": "another password"}
    )
    alice.refresh_from_db()
    assert alice.check_password("another password")


def test_an_unknown_address_gets_the_same_answer(client, db):
    response = client.post("/account/password/reset/", {"email": "who@example.org"})
    page = client.get(response["Location"]).content.decode()
    assert "If we know that address" in page


def sign_up(client, email: str):
    client.post("/account/logout/")
    data = {"email": email, "password1": PASSWORD}
    return client.post("/account/signup/", data)


def test_sign_up_tells_a_household_of_ten_accounts_an_hour(client, alice):
    """And then nothing: known and unknown addresses are answered alike."""
    for n in range(10):
        known = sign_up(client, alice.email)
        assert "There is an account with this e-mail" in known.content.decode()
        assert n or sign_up(client, "new@example.org").status_code == 302
    told = [
        sign_up(client, email).content.decode()
        for email in (alice.email, "other@example.org")
    ]
    assert all("Too many tries from your connection" in html for html in told)
    assert not User.objects.filter(email="other@example.org").exists()
    elsewhere = StrictClient(REMOTE_ADDR="203.0.113.9")
    assert sign_up(elsewhere, "other@example.org").status_code == 302


@pytest.mark.parametrize("known", [True, False])
def test_a_new_address_gets_a_letter_whether_known_or_not(as_alice, alice, bob, known):
    """The page is the same; what the letter says only its reader knows."""
    address = bob.email if known else "free@example.org"
    data = {"email": address, "action_add": ""}
    response = as_alice.post("/account/email/", data)
    assert (response.status_code, response["Location"]) == (302, "/account/email/")
    page = as_alice.get("/account/email/").content.decode()
    assert f"We sent a letter to {address}" in page
    (letter,) = [one for one in mail.outbox if one.to == [address]]
    links = [w for w in letter.body.split() if "/confirm-email/" in w]
    if known:
        assert links == []
        assert "It has one already" in letter.body
        assert "/account/password/reset/" in letter.body
    else:
        as_alice.post(links[0])
    alice.refresh_from_db()
    assert alice.email == ("alice@example.org" if known else "free@example.org")


def test_an_address_that_was_never_confirmed_stays_until_the_new_one_is(client, db):
    sign_up(client, "old@example.org")
    for wanted in ("typo@example.org", "new@example.org"):
        client.post("/account/email/", {"email": wanted, "action_add": ""})
        user = User.objects.get()
        assert user.email == "old@example.org"
    found = set(EmailAddress.objects.values_list("email", flat=True))
    assert found == {"old@example.org", "new@example.org"}
    link = next(w for w in mail.outbox[-1].body.split() if "/confirm-email/" in w)
    client.post(link)
    user.refresh_from_db()
    assert user.email == "new@example.org"
    client.post("/account/logout/")
    data = {"login": "new@example.org", "password": PASSWORD}
    assert client.post("/account/login/", data).status_code == 302


def test_an_address_that_somebody_else_took_before_it_was_confirmed(as_alice, alice):
    as_alice.post("/account/email/", {"email": "free@example.org", "action_add": ""})
    link = next(w for w in mail.outbox[-1].body.split() if "/confirm-email/" in w)
    User.objects.create_user("free@example.org", PASSWORD)
    response = as_alice.post(link, follow=True)
    assert response.status_code == 200
    assert "Unable to confirm free@example.org" in response.content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


@pytest.mark.parametrize("who", ["known", "unknown", "without a password"])
def test_a_wrong_log_in_costs_one_hash_whoever_is_meant(
    client, alice, monkeypatch, who
):
    if who == "without a password":
        alice.set_unusable_password()
        alice.save()
    email = "who@example.org" if who == "unknown" else alice.email
    hashed = []
    hasher = type(get_hasher())
    encode = hasher.encode
    monkeypatch.setattr(
        hasher, "encode", lambda *args: hashed.append(1) or encode(*args)
    )
    data = {"login": email, "password": "wrong"}
    html = client.post("/account/login/", data).content.decode()
    assert "That e-mail and password do not go together." in html
    assert len(hashed) == 1


def test_account_page_tells_the_tries(as_alice, alice):
    factories.try_on(alice)
    assert "of 20 tries used" in as_alice.get("/account/").content.decode()
    for page in ("/account/password/change/", "/account/email/"):
        assert as_alice.get(page).status_code == 200


def test_a_reset_link_that_was_used_says_so(client, db):
    page = client.get("/account/password/reset/key/x-set-password/").content.decode()
    assert "used already or is too old" in page


def test_each_page_of_the_account_opens(as_alice):
    for page in ("logout/", "password/change/", "reauthenticate/", "email/"):
        response = as_alice.get(f"/account/{page}")
        assert response.status_code == 200, page
        assert response.content.decode().count("<h1") == 1, page


def test_no_change_is_announced_that_nobody_asked_for(client, alice):
    """Signing in notes one's own address as unconfirmed; that is no change of it."""
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    page = client.get("/account/email/").content.decode()
    assert "We sent a letter" not in page
    client.post("/account/email/", {"action_add": "", "email": "new@example.org"})
    page = client.get("/account/email/").content.decode()
    assert "We sent a letter to new@example.org" in page


def test_where_one_is_signed_in_and_log_out_there(client, alice):
    other = StrictClient(headers={"User-Agent": "Old phone"})
    login = {"login": alice.email, "password": PASSWORD}
    for one in (other, client):
        one.post("/account/login/", login)
    html = client.get("/account/sessions/").content.decode()
    assert "Old phone" in html
    assert "This browser" in html
    there = UserSession.objects.get(user_agent="Old phone")
    client.post(f"/account/sessions/{there.pk}/end/")
    assert other.get("/gallery/").status_code == 302
    assert client.get("/gallery/").status_code == 200


def test_anothers_sessions_are_not_ended(client, as_bob, alice):
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    there = UserSession.objects.get(user=alice)
    assert as_bob.post(f"/account/sessions/{there.pk}/end/").status_code == 404
    assert client.get("/gallery/").status_code == 200


def test_pictures_say_when_they_go(as_alice, alice, settings):
    done = factories.try_on(alice, Status.COMPLETED, created_at=timezone.now())
    page = f"/try-on/{done.pk}/"
    assert "Deleted in" not in as_alice.get(page).content.decode()
    settings.TRYON_RETENTION_DAYS = 6
    for address in (page, "/gallery/"):
        assert "Deleted in 6 days" in as_alice.get(address).content.decode()


def test_one_address_gets_so_many_guests_a_day(db):
    def upload() -> int:
        client = StrictClient()
        client.get("/photos/")
        fields = {"photo_file": File("me.jpg", picture_bytes()), "consent": "on"}
        return client.post("/photos/", fields).status_code

    assert [upload() for _ in range(51)] == [302] * 50 + [429]
    assert User.objects.guests().count() == 50


class NoPost(BaseEmailBackend):
    def send_messages(self, email_messages):
        raise ConnectionRefusedError


def test_a_mail_server_that_is_away_stops_nobody(client, db, settings):
    settings.EMAIL_BACKEND = f"{NoPost.__module__}.{NoPost.__qualname__}"
    fields = {"email": "new@example.org", "password1": PASSWORD}
    page = client.post("/account/signup/", fields, follow=True).content.decode()
    assert "We could not send you an e-mail just now." in page
    assert client.get("/account/").status_code == 200


def test_letters_about_the_account_are_html_and_text(client, alice):
    client.post("/account/password/reset/", {"email": alice.email})
    letter = mail.outbox[-1]
    html = letter.alternatives[0]
    assert html.mimetype == "text/html"
    link = next(word for word in letter.body.split() if "/password/reset/key/" in word)
    assert f'href="{link}"' in html.content
    assert letter.subject.startswith("Fitting Room: ")
