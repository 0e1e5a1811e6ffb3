"""Endpoints are changed, stopped and go on; what they are told of is not lost."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests import factories
from tryon import services
from tryon.models import (
    EventType,
    Result,
    Status,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from tryon.pictures import comparison
from tryon.presentation.webhook_bodies import build_body
from tryon.services import pictures, webhooks
from tryon.webhooks import courier, delivering

MOST = [type for type in EventType.values if type != EventType.GARMENT_CHANGED]


@pytest.fixture
def endpoint(db) -> WebhookEndpoint:
    return webhooks.create_endpoint(
        url="https://shop.example.org/hook", events=MOST, now=timezone.now()
    )


def cancel() -> None:
    try_on = factories.try_on(factories.customer())
    try_on.move(Status.CANCELED, now=timezone.now())


def claim(endpoint: WebhookEndpoint) -> WebhookDelivery | None:
    return delivering.claim_next(endpoint.pk, timezone.now())


def test_a_change_undoes_no_other(endpoint):
    """Each of two reads it before the other writes."""
    also = WebhookEndpoint.objects.get()
    secret = webhooks.rotate_secret(endpoint=endpoint, now=timezone.now())
    now = timezone.now()
    webhooks.change_endpoint(endpoint=also, url="https://a.example/", now=now)
    changed = WebhookEndpoint.objects.get()
    assert (changed.url, changed.secret) == ("https://a.example/", secret)
    assert also.secret == secret


def test_what_was_just_deleted_does_not_come_back(endpoint):
    also = WebhookEndpoint.objects.get()
    endpoint.delete()
    with pytest.raises(WebhookEndpoint.DoesNotExist):
        webhooks.change_endpoint(endpoint=also, active=False, now=timezone.now())
    assert not WebhookEndpoint.objects.exists()


def test_one_that_goes_on_hears_at_once_what_happened_meanwhile(endpoint):
    cancel()
    later = timezone.now() + timedelta(hours=20)
    WebhookDelivery.objects.update(attempts=8, next_at=later)
    webhooks.change_endpoint(endpoint=endpoint, active=False, now=timezone.now())
    cancel()
    assert claim(endpoint) is None
    webhooks.change_endpoint(endpoint=endpoint, active=True, now=timezone.now())
    assert claim(endpoint) and claim(endpoint)
    assert claim(endpoint) is None


def test_for_one_that_wants_no_more_nothing_is_kept(endpoint):
    now = timezone.now()
    WebhookEndpoint.objects.update(stopped_at=now, stop_reason="gone")
    cancel()
    assert not WebhookDelivery.objects.exists()


def test_a_test_waits_for_no_earlier_one(endpoint):
    for _time in range(2):
        webhooks.send_test(endpoint=endpoint, now=timezone.now())
    assert claim(endpoint) and claim(endpoint)


def test_what_is_deleted_with_its_try_on_is_told_as_far_as_it_is_known(endpoint):
    try_on = factories.try_on(factories.customer(), combo=True)
    services.delete_try_on(try_on=try_on, now=timezone.now(), by=None)
    data = json.loads(build_body(WebhookEvent.objects.get()))["data"]
    assert (data["status"], data["mode"]) == ("canceled", "combo")
    assert data["created_at"] and data["finished_at"] and data["charged"] is False
    assert data["photo"] is data["garment"] is data["picture_url"] is None
    services.delete_owner(owner=try_on.owner, now=timezone.now())
    data = json.loads(build_body(WebhookEvent.objects.first()))["data"]
    assert data["customer"] == "c-1"


# --- secrets --------------------------------------------------------------------------


def read_stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret, old_secret FROM tryon_webhookendpoint")
        return str(cursor.fetchall())


def test_secrets_lie_sealed(endpoint):
    old = endpoint.secret
    new = webhooks.rotate_secret(endpoint=endpoint, now=timezone.now())
    read = WebhookEndpoint.objects.get()
    assert (read.secret, read.old_secret) == (new, old)
    assert new.startswith("whsec_") and "whsec_" not in read_stored()


def test_they_are_sealed_anew_with_another_key(endpoint, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one, of the same length or so"
    before = read_stored()
    webhooks.seal_secrets()
    assert read_stored() != before
    settings.SECRET_KEY_FALLBACKS = []
    assert WebhookEndpoint.objects.get().secret == endpoint.secret


def test_those_of_before_are_read_and_sealed(endpoint):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tryon_webhookendpoint SET secret = 'whsec_AAAA'")
    assert WebhookEndpoint.objects.get().secret == "whsec_AAAA"
    webhooks.seal_secrets()
    assert "whsec_" not in read_stored()
    assert WebhookEndpoint.objects.get().secret == "whsec_AAAA"


def test_without_its_key_nothing_is_sent_with_an_empty_one(endpoint, settings, caplog):
    settings.SECRET_KEY = "another one, of the same length or so"
    cancel()
    assert courier._find_endpoints()
    assert not caplog.text  # not each second, nor with each event
    delivery = claim(endpoint)
    assert delivery is not None
    delivering.attempt(delivery, build_body)
    assert "secret cannot be read" in WebhookDelivery.objects.get().answer
    before = read_stored()
    webhooks.seal_secrets()
    assert read_stored() == before and "SECRET_KEY_FALLBACKS" in caplog.text
    webhooks.rotate_secret(endpoint=endpoint, now=timezone.now())
    assert WebhookEndpoint.objects.get().secret.startswith("whsec_")


# --- what the result check releases -----------------------------------------------


@pytest.fixture
def uncompared(endpoint, settings, monkeypatch) -> Result:
    """Its decoder was busy when it came; odd ones are held."""
    settings.TRYON_REVIEW = "flagged"
    monkeypatch.setattr(
        pictures,
        "find_changes",
        lambda **_of: comparison.Changes(0.2, 0.01, 40, 1, b"layer"),
    )
    return factories.try_on(factories.customer(), Status.COMPLETED).result


def types() -> list[str]:
    return list(WebhookEvent.objects.values_list("type", flat=True))


def test_one_that_is_compared_later_is_told_as_released(uncompared):
    services.make_renditions(row=uncompared, now=timezone.now())
    assert types() == ["result.released"]
    assert json.loads(build_body(WebhookEvent.objects.get()))["data"]["picture_url"]


def test_one_that_cannot_be_compared_any_more_is_told_too(uncompared, monkeypatch):
    monkeypatch.setattr(pictures, "find_changes", lambda **_of: None)
    services.make_renditions(row=uncompared, now=timezone.now())
    assert types() == ["result.released"]


def test_one_that_is_found_wrong_is_never_released(uncompared, monkeypatch):
    def die(_changes: object) -> None:
        raise MemoryError

    monkeypatch.setattr(comparison.Changes, "suspicions", die)
    with pytest.raises(MemoryError):  # a kill between the two
        services.make_renditions(row=uncompared, now=timezone.now())
    assert not Result.objects.released().exists()
    monkeypatch.setattr(comparison.Changes, "suspicions", lambda _changes: ["face"])
    services.make_renditions(row=uncompared, now=timezone.now())
    assert not Result.objects.released().exists() and types() == []
