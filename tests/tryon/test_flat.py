"""What is asked every second and by every waiting page reads no whole table."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tests.factories import NOW
from tests.plans import whole_tables_read
from tryon.models import ApiRequest, Status
from tryon.monitoring import api_health, status
from tryon.pipeline import budget, planner
from tryon.pipeline.clock import Clock
from tryon.presentation import progress
from tryon.web import poll_token

KEY = "sk_live_" + "f" * 43


@pytest.fixture
def shop(db, settings, alice):
    """One try-on of each state, and a request of each outcome."""
    settings.MIRAGIC_API_KEYS = [KEY]
    key = factories.key(KEY)
    for state in Status.values:
        try_on = factories.try_on(alice, state, key=key)
        request = budget.reservation(
            key_id=key.pk, try_on_id=try_on.pk, kind="poll", at=NOW.timestamp()
        )
        request.sent_at = NOW
        request.save()
        if state != Status.PROCESSING:
            budget.answer(request, "running", NOW)
    return alice


def test_the_sight_of_it_is_there(shop):
    """The check itself finds a table that is read as a whole."""
    with whole_tables_read() as found:
        list(ApiRequest.objects.filter(detail="nothing knows where"))
    assert len(found) == 1 and found[0].startswith("tryon_apirequest: SELECT")


def test_a_planning_pass(shop):
    with whole_tables_read() as found:
        orders = planner.tick(Clock(lambda: NOW + timedelta(seconds=3)))
    assert orders
    assert found == []


def test_a_waiting_page(shop, client):
    client.force_login(shop)
    waiting = [row for row in shop.try_ons.all() if row.is_under_way]
    cards = [f"{row.pk}:{row.status}" for row in waiting]
    token = f"&token={poll_token.sign_owner(shop)}"
    progress.recent_shop.forget()
    updates = "/try-on/updates/?card=" + "&card=".join(cards)
    with whole_tables_read() as found:
        answers = [
            client.get(address)
            for address in (updates + token, updates, f"/try-on/{waiting[0].pk}/")
        ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert found == []


def test_what_staff_watch(shop):
    with whole_tables_read() as found:
        status.summary(NOW)
        api_health.overview(timezone.now())
    assert found == []
