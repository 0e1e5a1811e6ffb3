"""Where events are sent to, changed by several at once."""

import pytest
from django.utils import timezone

from tests import factories
from tests.tryon.api.conftest import Program
from tryon.api import webhooks as api_webhooks
from tryon.models import EventType, WebhookEndpoint
from tryon.services import webhooks


@pytest.fixture
def endpoint(db) -> WebhookEndpoint:
    return webhooks.create_endpoint(
        url="https://shop.example.org/", events=[EventType.TEST], now=timezone.now()
    )


def test_a_change_keeps_what_another_has_changed(endpoint):
    """The secret that was just shown stays the one that signs."""
    secret = webhooks.rotate_secret(endpoint=endpoint, now=timezone.now())
    webhooks.change_endpoint(endpoint=endpoint, active=False, now=timezone.now())
    row = WebhookEndpoint.objects.get()
    assert (row.secret, row.stop_reason) == (secret, "by_hand")


def test_a_change_does_not_bring_back_what_another_has_deleted(endpoint, monkeypatch):
    WebhookEndpoint.objects.all().delete()
    monkeypatch.setattr(api_webhooks, "_get", lambda pk: endpoint)
    program = Program(factories.shop_key())
    path = f"/webhooks/{endpoint.pk}"
    changed = program.patch(path, {"active": True}, content_type="application/json")
    rotated = program.post(f"{path}/rotate-secret")
    assert changed.status_code == rotated.status_code == 404
    assert not WebhookEndpoint.objects.exists()
