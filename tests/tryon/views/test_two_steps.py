"""The second step of signing in, for customers and for staff."""

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail

from tests.conftest import StrictClient

PASSWORD = "a long password"
STEP = "/account/two-steps/"


def code_of(secret: str, later: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def sign_in(client, user, next_page="/account/"):
    fields = {"login": user.email, "password": PASSWORD, "next": next_page}
    return client.post("/account/login/", fields)


@pytest.fixture
def confirmed(alice):
    EmailAddress.objects.create(
        user=alice, email=alice.email, verified=True, primary=True
    )
    return alice


@pytest.fixture
def secret(client, confirmed) -> str:
    """Alice has turned it on, and is signed in."""
    sign_in(client, confirmed)
    page = f"{STEP}totp/activate/"
    again = client.get(page)["Location"]
    response = client.post(again, {"password": PASSWORD, "next": page}, follow=True)
    found = re.search(r"<code>([A-Z2-7]+)</code>", response.content.decode())
    assert found
    response = client.post(page, {"code": code_of(found[1])})
    assert response["Location"] == f"{STEP}recovery-codes/"
    return found[1]


@pytest.mark.django_db(transaction=True)
def test_it_is_turned_on_with_a_code_of_the_app(client, secret, confirmed):
    assert "On: signing in asks" in client.get(STEP).content.decode()
    letter = mail.outbox[-1]
    assert letter.to == [confirmed.email]
    assert letter.subject.startswith("Fitting Room: ")
    assert letter.alternatives[0].mimetype == "text/html"


def test_signing_in_asks_for_the_code(secret, confirmed):
    client = StrictClient()
    response = sign_in(client, confirmed)
    assert response["Location"].startswith(f"{STEP}authenticate/")
    assert client.get("/account/").status_code == 302  # the password alone is nothing
    page = client.post(f"{STEP}authenticate/", {"code": "000000"}).content.decode()
    assert "That code is not right. Type the one shown now." in page
    client.post(f"{STEP}authenticate/", {"code": code_of(secret, later=1)})
    assert client.get("/account/").status_code == 200


def test_a_recovery_code_works_once(client, secret, confirmed):
    page = client.get(f"{STEP}recovery-codes/").content.decode()
    code = re.findall(r"<code>(\w+)</code>", page)[0]
    for expected in (200, 302):
        other = StrictClient()
        sign_in(other, confirmed)
        other.post(f"{STEP}authenticate/", {"code": code})
        assert other.get("/account/").status_code == expected
    text = client.get(f"{STEP}recovery-codes/download/").content.decode()
    assert code not in text


def test_guessing_codes_is_throttled(secret, confirmed):
    client = StrictClient()
    sign_in(client, confirmed)
    for _ in range(7):
        response = client.post(f"{STEP}authenticate/", {"code": "000000"})
    assert "Too many" in response.content.decode()


def test_it_is_turned_off_again(client, secret, confirmed):
    assert client.get(f"{STEP}totp/deactivate/").status_code == 200
    client.post(f"{STEP}totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert sign_in(StrictClient(), confirmed)["Location"] == "/account/"


def test_an_unconfirmed_address_comes_first(client, alice):
    """Else somebody who signs up with a foreign address locks its owner out."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=False)
    sign_in(client, alice)
    page = client.get(f"{STEP}totp/activate/", follow=True).content.decode()
    assert "Confirm your e-mail first" in page


def test_staff_sign_in_by_the_same_door(staff, client):
    """The admin's own form would ask for no code and count no tries."""
    EmailAddress.objects.create(user=staff, email=staff.email, verified=True)
    Authenticator.objects.create(user=staff, type="totp", data={"secret": "A" * 32})
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/account/login/?next=")
    client.post(
        "/admin/login/?next=/admin/",
        {"username": staff.email, "password": PASSWORD},
    )
    assert client.get("/admin/").status_code == 302
    response = sign_in(client, staff, "/admin/")
    assert response["Location"].startswith(f"{STEP}authenticate/")
    client.post(f"{STEP}authenticate/?next=/admin/", {"code": code_of("A" * 32)})
    assert client.get("/admin/").status_code == 200


def test_who_lost_the_phone_is_let_in_by_a_superuser(as_staff, secret, confirmed):
    row = Authenticator.objects.get(type="totp")
    page = as_staff.get(f"/admin/mfa/authenticator/{row.pk}/change/").content.decode()
    assert secret not in page
    as_staff.post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"})
    assert sign_in(StrictClient(), confirmed)["Location"] == "/account/"
