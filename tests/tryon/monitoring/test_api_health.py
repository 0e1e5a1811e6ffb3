from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tryon.models import ApiRequest, Planner, Status, TryOn
from tryon.monitoring import status
from tryon.pipeline import budget, planner
from tryon.pipeline.clock import Clock
from tryon.pipeline.outcomes import ODD_WORD

KEY = "sk_live_" + "w" * 43
PAGE = "/admin/tryon/key/health/"


@pytest.fixture(autouse=True)
def house(db, settings):
    settings.MIRAGIC_API_KEYS = [KEY]
    Planner.objects.create(pk=1, last_tick_at=timezone.now())
    return factories.key(KEY, bucket_at=timezone.now())


def request(key, try_on, outcome: str, minutes: float = 1) -> None:
    at = timezone.now() - timedelta(minutes=minutes)
    ApiRequest.objects.create(
        key=key,
        try_on=try_on,
        kind="submit",
        token=try_on.token,
        planned_at=at,
        sent_at=at,
        answered_at=at + timedelta(seconds=0.4),
        outcome=outcome,
    )


def test_all_is_well(as_staff, alice, house):
    request(house, factories.try_on(alice, Status.PROCESSING, key=house), "accepted", 5)
    html = as_staff.get(PAGE).content.decode()
    assert "All is well. The key is working." in html
    assert "60 of 60 free now" in html
    assert "1 request in the last hour" in html


def test_what_is_wrong_and_why(as_staff, alice, house):
    try_on = factories.try_on(alice, Status.FAILED, finished_at=timezone.now())
    request(house, try_on, "rate_limited")
    budget.stop_key(house, "out_of_credits", "402 INSUFFICIENT_CREDITS")
    html = as_staff.get(PAGE).content.decode()
    assert "out_of_credits" in html and "402 INSUFFICIENT_CREDITS" in html
    assert "1 × 429" in html
    assert "Did not come out" in html


def test_queries_do_not_grow(as_staff, alice, house, django_assert_num_queries):
    one = factories.try_on(alice, Status.COMPLETED, key=house)
    request(house, one, "accepted")
    with django_assert_num_queries(30, exact=False) as few:
        as_staff.get(PAGE)
    for n in range(10):
        request(house, factories.try_on(alice), "accepted", n)
    with django_assert_num_queries(len(few)):
        as_staff.get(PAGE)


def test_pause_and_go_on(as_staff, alice, house):
    as_staff.post("/admin/tryon/key/health/pause/", {"on": "1"})
    assert "paused by staff" in as_staff.get(PAGE).content.decode()
    factories.try_on(alice)
    assert planner.tick(Clock(timezone.now)) == []
    as_staff.post("/admin/tryon/key/health/pause/", {"on": "0"})
    assert len(planner.tick(Clock(timezone.now))) == 1


def test_only_for_staff_with_the_permission(as_alice, client):
    helper = factories.User.objects.create_user("helper@example.org", is_staff=True)
    client.force_login(helper)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE + "pause/", {"on": "1"}).status_code == 403
    assert as_alice.get(PAGE).status_code == 302


def test_another_word_for_the_end_is_on_it(as_staff, alice, house):
    try_on = factories.try_on(alice, Status.PROCESSING, key=house)
    request(house, try_on, "completed")
    assert ODD_WORD not in as_staff.get(PAGE).content.decode()
    ApiRequest.objects.update(detail=f"{ODD_WORD} SUCCEEDED")
    html = as_staff.get(PAGE).content.decode()
    assert f"{ODD_WORD} SUCCEEDED" in html
    assert status.report(timezone.now())["ok"]  # it works: nobody is woken for it


def test_what_waits_for_a_gateway_says_so(as_staff, alice, house):
    now = timezone.now()
    seen = factories.try_on(alice, Status.PROCESSING, key=house)
    request(house, seen, "not_arrived")
    ApiRequest.objects.update(detail="403, not in the API's own form: Just a moment")
    assert status.report(now)["ok"]
    TryOn.objects.update(attempts=status.MANY)
    (problem,) = status.report(now)["problems"]
    assert "1 cannot be polled" in problem and "Just a moment" in problem
    TryOn.objects.update(attempts=0)
    budget.pause_submits(house, now)
    (problem,) = status.report(now)["problems"]
    assert "submits pause" in problem and "Just a moment" in problem
    budget.start_key(house, now)
    long_ago = now - timedelta(hours=1)
    factories.try_on(alice, Status.FETCHING, answered_at=long_ago)
    (problem,) = status.report(now)["problems"]
    assert "cannot be brought home" in problem
    assert "cannot be brought home" in as_staff.get(PAGE).content.decode()
