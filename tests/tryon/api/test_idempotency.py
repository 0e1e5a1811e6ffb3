"""The same request once more: the same answer, and nothing done twice."""

import threading
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.db import connection
from django.utils import timezone

from tests import factories
from tests.factories import picture_bytes
from tests.tryon.api.conftest import Program
from tryon import services
from tryon.api import idempotency
from tryon.models import IdempotentRequest, Photo, TryOn, WebhookEndpoint
from tryon.services import webhooks

KEY = {"Idempotency-Key": "order-1"}


@pytest.fixture
def sent(db):
    factories.garment(sku="FR-1")
    photo = factories.photo(factories.customer())
    return {"photo": str(photo.pk), "garment": "FR-1", "customer": "c-1"}


def test_the_first_answer_is_given_again(program, sent):
    first = program.send("/try-ons", sent, headers=KEY)
    services.cancel(try_on=TryOn.objects.get(), now=timezone.now(), by=None)
    again = program.send("/try-ons", sent, headers=KEY)
    assert again.content == first.content and again.status_code == 202
    assert again["Idempotency-Replayed"] == "true"
    assert again["Location"] == first["Location"]
    assert TryOn.objects.count() == 1
    other = Program(factories.shop_key())
    assert other.send("/try-ons", sent, headers=KEY).status_code == 202


def test_another_body_under_the_same_key_is_refused(program, sent):
    program.send("/try-ons", sent, headers=KEY)
    told = program.send("/try-ons", sent | {"again": True}, headers=KEY)
    assert (told.status_code, told.json()["code"]) == (422, "idempotency_mismatch")
    assert TryOn.objects.count() == 1


def test_what_cannot_be_read_has_a_key_too(program, sent):
    """Another body is refused for its key; the same one gets the same refusal."""
    program.send("/try-ons", sent, headers=KEY)
    for body in ('{"photo": 1}', "[", ""):
        told = program.send("/try-ons", body, headers=KEY)
        assert told.json()["code"] == "idempotency_mismatch", body
        key = {"Idempotency-Key": f"other {body}"}
        first = program.send("/try-ons", body, headers=key)
        assert first.json()["code"] in ("invalid", "malformed"), body
        again = program.send("/try-ons", body, headers=key)
        assert again.content == first.content and "Idempotency-Replayed" not in first
        assert again["Idempotency-Replayed"] == "true"
        told = program.send("/try-ons", sent, headers=key)
        assert told.json()["code"] == "idempotency_mismatch"
    told = program.post("/photos", {}, headers=KEY)
    assert told.json()["code"] == "idempotency_mismatch"
    told = program.send("/try-ons", "[", headers={"Idempotency-Key": ""})
    assert told.json()["code"] == "malformed"
    assert program.send("/try-ons", sent, headers=KEY)["Idempotency-Replayed"] == "true"


def test_a_refusal_is_kept_too(program, sent, settings):
    settings.TRYON_DAILY_LIMIT = 0
    assert program.send("/try-ons", sent, headers=KEY).status_code == 429
    settings.TRYON_DAILY_LIMIT = 9
    told = program.send("/try-ons", sent, headers=KEY)
    assert (told.status_code, told["Idempotency-Replayed"]) == (429, "true")
    assert told["Content-Type"] == "application/problem+json"


def test_an_error_of_ours_is_not_kept(program, monkeypatch):
    form = {"file": File("a.jpg", picture_bytes()), "consent": "true"}

    def broken(**kwargs):
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(services, "add_photo", broken)
        told = program.post("/photos", form, headers=KEY)
        assert (told.status_code, told.json()["code"]) == (500, "internal")
    form["file"].seek(0)
    assert program.post("/photos", form, headers=KEY).status_code == 201


def test_a_form_is_known_by_its_fields(program):
    """Each sending draws another boundary."""
    data = picture_bytes()

    def send(data):
        form = {"file": File("a.jpg", data), "consent": "true"}
        return program.post("/photos", form, headers=KEY)

    first, again = send(data), send(data)
    assert first.status_code == again.status_code == 201
    assert again["Idempotency-Replayed"] == "true"
    assert send(picture_bytes()).json()["code"] == "idempotency_mismatch"
    assert Photo.objects.count() == 1


def test_while_the_first_is_at_work(program, sent, monkeypatch):
    """A killed one leaves its row: whoever comes waits for its lease."""
    claims = []
    monkeypatch.setattr(idempotency, "_keep", lambda mine, _r: claims.append(mine))
    program.send("/try-ons", sent, headers=KEY)
    monkeypatch.undo()
    told = program.send("/try-ons", sent, headers=KEY)
    assert (told.status_code, told.json()["code"]) == (409, "in_progress")
    assert told["Retry-After"] == "1"
    IdempotentRequest.objects.update(lease_until=timezone.now())
    again = program.send("/try-ons", sent | {}, headers=KEY)
    assert again.status_code == 200
    assert TryOn.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_killed_one_that_wanted_it_again_makes_one(program, sent, monkeypatch):
    program.send("/try-ons", sent)
    more = sent | {"again": True}
    monkeypatch.setattr(idempotency, "_keep", lambda mine, _r: None)
    program.send("/try-ons", more, headers=KEY)
    monkeypatch.undo()
    IdempotentRequest.objects.update(lease_until=timezone.now())
    assert program.send("/try-ons", more, headers=KEY).status_code == 200
    assert TryOn.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_make_one(sent):
    secret = factories.shop_key()
    answers = []

    def send():
        told = Program(secret).send("/try-ons", sent | {"again": True}, headers=KEY)
        answers.append(told.status_code)
        connection.close()

    threads = [threading.Thread(target=send) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {202, 409} and 202 in answers
    assert TryOn.objects.count() == 1


def test_a_secret_is_shown_again_to_whoever_repeats(program, settings):
    wanted = {"url": "https://shop.example.org/hook", "events": ["try_on.completed"]}
    first = program.send("/webhooks", wanted, headers=KEY)
    again = program.send("/webhooks", wanted, headers=KEY)
    assert first.json() == again.json()
    endpoint = WebhookEndpoint.objects.get()
    assert first.json()["secret"] == endpoint.secret
    assert "secret" not in program.get(f"/webhooks/{endpoint.pk}").json()
    webhooks.rotate_secret(endpoint=endpoint, now=timezone.now())


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "ä"])
def test_what_is_no_key(program, sent, key):
    told = program.send("/try-ons", sent, headers={"Idempotency-Key": key})
    assert told.status_code == 422
    assert told.json()["errors"][0]["field"] == "Idempotency-Key"


def test_nothing_is_kept_of_a_customer_who_is_forgotten(program):
    data = picture_bytes()

    def send(customer):
        form = {"file": File("a.jpg", data), "consent": "true", "customer": customer}
        return program.post("/photos", form, headers={"Idempotency-Key": customer})

    for customer in ("anna/%_1", "ANNA/%_1", "anna/ab1"):
        assert "Idempotency-Replayed" not in send(customer)
        assert send(customer)["Idempotency-Replayed"] == "true"
    path = f"/customers/{quote('anna/%_1', safe='')}"
    assert program.delete(path).status_code == 200
    assert "Idempotency-Replayed" in send("ANNA/%_1")
    assert "Idempotency-Replayed" in send("anna/ab1")
    assert "Idempotency-Replayed" not in send("anna/%_1")


def test_it_is_forgotten_after_a_day(program, sent):
    program.send("/try-ons", sent, headers=KEY)
    old = timezone.now() - timedelta(hours=24)
    IdempotentRequest.objects.update(created_at=old)
    told = program.send("/try-ons", sent, headers=KEY)
    assert told.status_code == 200 and "Idempotency-Replayed" not in told
    IdempotentRequest.objects.update(created_at=old)
    services.clear_api_records(now=timezone.now())
    assert not IdempotentRequest.objects.exists()
