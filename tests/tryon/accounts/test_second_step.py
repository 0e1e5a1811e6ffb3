"""The second step of signing in, for customers and for staff."""

import json
import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail

from tests.conftest import StrictClient
from tryon.accounts import second_step

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


def stored() -> dict[str, str]:
    """What a copy of the database would show, by type."""
    return {row.type: json.dumps(row.data) for row in Authenticator.objects.all()}


def recovery_codes(client) -> list[str]:
    page = client.get(f"{STEP}recovery-codes/").content.decode()
    return re.findall(r"<code>(\w+)</code>", page)


def plain(user) -> str:
    """Both, as they lay before they were sealed; the secret."""
    secret = "A" * 32
    Authenticator.objects.create(user=user, type="totp", data={"secret": secret})
    Authenticator.objects.create(
        user=user, type="recovery_codes", data={"seed": "5eed" * 20, "used_mask": 3}
    )
    return secret


def lets_in(user, code: str) -> bool:
    client = StrictClient()
    sign_in(client, user)
    answer = client.post(f"{STEP}authenticate/", {"code": code})
    if answer.status_code == 200:
        assert "That code is not right" in answer.content.decode()
    return client.get("/account/").status_code == 200


def test_the_database_alone_signs_nobody_in(client, secret, confirmed):
    assert recovery_codes(client)
    assert stored().keys() == {"totp", "recovery_codes"}
    for data in stored().values():
        assert secret not in data
        assert '": "sealed:' in data


def test_secrets_from_before_are_read_and_sealed_later(confirmed):
    secret = plain(confirmed)
    assert lets_in(confirmed, code_of(secret))
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes"))
    unused = codes.get_unused_codes()
    second_step.seal_all()
    for data in stored().values():
        assert secret not in data and "5eed" not in data
    again = stored()
    second_step.seal_all()
    assert stored() == again  # nothing is left to seal
    assert lets_in(confirmed, code_of(secret, later=1))
    assert lets_in(confirmed, unused[0]) and not lets_in(confirmed, unused[0])


def test_a_changed_key_with_its_fallback_goes_on(confirmed, settings):
    secret = plain(confirmed)
    second_step.seal_all()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another " * 8
    assert lets_in(confirmed, code_of(secret))
    second_step.seal_all()
    settings.SECRET_KEY_FALLBACKS = []
    assert lets_in(confirmed, code_of(secret, later=1))


def test_with_a_wrong_key_no_code_is_right(confirmed, settings, caplog):
    secret = plain(confirmed)
    second_step.seal_all()
    before = stored()
    settings.SECRET_KEY = "another " * 8
    assert not lets_in(confirmed, code_of(secret))
    assert not lets_in(confirmed, "12345678")
    second_step.seal_all()
    assert stored() == before
    assert "2 second steps were sealed with another SECRET_KEY" in caplog.text


def test_what_was_tampered_with_opens_nothing(confirmed):
    secret = plain(confirmed)
    second_step.seal_all()
    row = Authenticator.objects.get(type="totp")
    row.data["secret"] = row.data["secret"][:-6] + "AAAA=="
    row.save()
    assert not lets_in(confirmed, code_of(secret))
