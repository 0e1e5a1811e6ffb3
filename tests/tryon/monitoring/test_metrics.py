"""What Prometheus is told, and who may ask."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests import factories
from tryon.models import ApiRequest, Status

TOKEN = "a-long-metrics-token"


@pytest.fixture
def told(client, settings):
    settings.METRICS_TOKEN = TOKEN

    def ask() -> dict[str, dict[tuple[str, ...], float]]:
        response = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert response.status_code == 200
        return {
            family.name: {tuple(s.labels.values()): s.value for s in family.samples}
            for family in text_string_to_metric_families(response.content.decode())
        }

    return ask


def test_jobs_keys_and_the_api(told, alice, settings):
    settings.MIRAGIC_API_KEYS = ["sk_live_" + "m" * 43]
    now = timezone.now()
    key = factories.key(settings.MIRAGIC_API_KEYS[0])
    factories.try_on(alice, Status.QUEUED, created_at=now - timedelta(seconds=90))
    done = factories.try_on(alice, Status.COMPLETED, key=key)
    for seconds in (1, 2, 3):
        ApiRequest.objects.create(
            key=key,
            try_on=done,
            kind="submit",
            token=uuid.uuid4(),
            planned_at=now - timedelta(seconds=20),
            sent_at=now - timedelta(seconds=20),
            answered_at=now - timedelta(seconds=20 - seconds),
            outcome="accepted",
        )
    found = told()
    assert found["fitting_room_try_ons"][("queued",)] == 1
    assert found["fitting_room_try_ons"][("completed",)] == 1
    assert 90 <= found["fitting_room_oldest_queued_seconds"][()] < 100
    assert found["fitting_room_key_room"][(key.fingerprint,)] == 57
    assert found["fitting_room_key_works"][(key.fingerprint, "working")] == 1
    assert found["fitting_room_last_tick_seconds"][()] == float("inf")
    assert found["fitting_room_problems"][()] == 1
    assert found["fitting_room_api_requests_hour"][("submit", "accepted")] == 3
    assert found["fitting_room_api_seconds"][("submit", "0.5")] == pytest.approx(2)
    assert found["fitting_room_api_seconds"][("submit", "0.95")] == pytest.approx(3)


def test_pages_are_timed_by_view(client, told, db):
    client.get("/privacy/")
    found = told()["django_http_requests_total_by_view_transport_method"]
    assert any("privacy" in labels for labels in found)


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", TOKEN[:-1]])
def test_not_for_anybody(client, db, settings, header):
    settings.METRICS_TOKEN = TOKEN
    response = client.get("/metrics", headers={"Authorization": header})
    assert response.status_code == 302


def test_without_a_token_in_the_settings_only_staff(client, db, as_staff):
    asked = {"Authorization": "Bearer "}
    assert client.get("/metrics", headers=asked).status_code == 302
    assert as_staff.get("/metrics").status_code == 200


def test_queries_do_not_grow(told, alice, django_assert_max_num_queries):
    for _ in range(20):
        factories.try_on(alice, Status.QUEUED)
    with django_assert_max_num_queries(16):
        told()
