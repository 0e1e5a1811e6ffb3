"""Webhooks as staff set them up, watch them and send again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tryon import services
from tryon.models import Status, WebhookDelivery, WebhookEndpoint
from tryon.services import webhooks

LIST = "/admin/tryon/webhookendpoint/"
DELIVERIES = "/admin/tryon/webhookdelivery/"
FORM = {"url": "https://shop.example.org/hook", "events": ["try_on.canceled"]}


@pytest.fixture
def endpoint(as_staff) -> WebhookEndpoint:
    page = as_staff.post(f"{LIST}add/", FORM)
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.secret in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    return endpoint


def act(client, action, row, where=LIST):
    return client.post(where, {"action": action, "_selected_action": [row.pk]})


def test_its_secret_is_shown_once(as_staff, endpoint):
    for address in (LIST, f"{LIST}{endpoint.pk}/change/"):
        assert endpoint.secret not in as_staff.get(address).content.decode()
    page = act(as_staff, "rotate_secret", endpoint).content.decode()
    old, endpoint = endpoint.secret, WebhookEndpoint.objects.get()
    assert endpoint.secret in page and endpoint.old_secret == old != endpoint.secret


@pytest.mark.parametrize(
    "change", [{"url": "http://shop.example.org/"}, {"url": "x"}, {"events": []}]
)
def test_what_is_wrong_is_said(as_staff, db, change):
    page = as_staff.post(f"{LIST}add/", FORM | change)
    assert page.status_code == 200 and "errorlist" in page.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_changed_stopped_and_on_again(as_staff, endpoint):
    events = {"events": ["try_on.failed", "try_on.canceled"]}
    as_staff.post(f"{LIST}{endpoint.pk}/change/", FORM | events)
    endpoint.refresh_from_db()
    assert endpoint.events == ["try_on.failed", "try_on.canceled"]
    act(as_staff, "stop", endpoint)
    assert "Stopped by hand" in as_staff.get(LIST).content.decode()
    act(as_staff, "go_on", endpoint)
    assert WebhookEndpoint.objects.active().exists()


def test_deliveries_are_shown_and_sent_again(as_staff, endpoint):
    act(as_staff, "send_test", endpoint)
    try_on = factories.try_on(factories.customer())
    try_on.move(Status.CANCELED, now=timezone.now())
    rows = WebhookDelivery.objects.order_by("event")
    assert [row.event.type for row in rows] == ["test", "try_on.canceled"]
    rows.update(state="failed", attempts=10, status=500, answer="<b>no</b>")
    page = as_staff.get(f"{DELIVERIES}{rows[0].pk}/change/").content.decode()
    assert "&lt;b&gt;no&lt;/b&gt;" in page
    act(as_staff, "send_again", rows[0], DELIVERIES)
    assert [row.state for row in rows.all()] == ["pending", "failed"]
    since = timezone.localtime() - timedelta(minutes=1)
    as_staff.post(f"{LIST}{endpoint.pk}/again/", {"since": f"{since:%Y-%m-%dT%H:%M}"})
    assert [row.state for row in rows.all()] == ["pending", "pending"]
    page = as_staff.post(f"{LIST}{endpoint.pk}/again/", {"since": "x"}, follow=True)
    assert "Choose a day and a time." in page.content.decode()


def test_one_is_deleted_with_its_deliveries(as_staff, endpoint):
    """Which nobody may delete by themselves, and which are not listed."""
    webhooks.send_test(endpoint=endpoint, now=timezone.now())
    address = f"{LIST}{endpoint.pk}/delete/"
    delivery = WebhookDelivery.objects.get()
    assert str(delivery) not in as_staff.get(address).content.decode()
    assert as_staff.post(address, {"post": "yes"}).status_code == 302
    assert not WebhookEndpoint.objects.exists()
    assert not WebhookDelivery.objects.exists()


def test_what_is_old_is_cleared(endpoint):
    webhooks.send_test(endpoint=endpoint, now=timezone.now() - timedelta(days=31))
    webhooks.send_test(endpoint=endpoint, now=timezone.now())
    services.clear_api_records(now=timezone.now())
    assert WebhookDelivery.objects.count() == 1
