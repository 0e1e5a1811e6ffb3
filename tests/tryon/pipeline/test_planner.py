"""From the database to work orders and back, with the clock in hand."""

import random
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.factories import NOW
from tryon import services
from tryon.models import ApiRequest, Planner, Status, TryOn, User
from tryon.models.ledger import Outcome
from tryon.pipeline import budget, durations, planner, policy, sweep
from tryon.pipeline.clock import Clock

KEY = "sk_live_" + "p" * 43


@pytest.fixture(autouse=True)
def key(db, settings):
    settings.MIRAGIC_API_KEYS = [KEY]
    return factories.key(KEY)


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def tick(now=NOW):
    return planner.tick(Clock(lambda: now))


def test_a_queued_one_is_reserved_and_claimed(alice):
    try_on = factories.try_on(alice)
    (order,) = tick()
    try_on.refresh_from_db()
    request = ApiRequest.objects.get()
    assert (order.task, order.row, order.token) == ("submit", request.pk, request.token)
    assert (try_on.status, try_on.claim) == (Status.SUBMITTING, request.token)
    assert try_on.key == request.key
    assert Planner.objects.get().last_tick_at == NOW


def test_two_planners_are_harmless(alice):
    factories.try_on(alice)
    assert len(tick()) == 1
    assert tick() == []


def test_a_void_reservation_puts_it_back_in_line(alice):
    try_on = factories.try_on(alice)
    tick()
    orders = tick(NOW + seconds(5.5))
    try_on.refresh_from_db()
    assert try_on.status == Status.SUBMITTING  # reserved anew, in the same pass
    assert len(orders) == 1
    told = [e.note for e in try_on.events.all()]
    assert "reservation void" in told


def test_a_killed_worker_leaves_it_unconfirmed(alice):
    try_on = factories.try_on(alice)
    tick()
    budget.send(ApiRequest.objects.get(), NOW)
    tick(NOW + seconds(31))
    try_on.refresh_from_db()
    assert try_on.status == Status.SUBMITTING
    tick(NOW + seconds(33))
    try_on.refresh_from_db()
    assert try_on.status == Status.UNCONFIRMED
    assert ApiRequest.objects.get().outcome == Outcome.LOST
    assert tick(NOW + seconds(99)) == []


def test_unconfirmed_goes_again_only_by_a_person(alice):
    try_on = factories.try_on(alice, Status.UNCONFIRMED)
    assert tick(NOW + timedelta(days=2)) == []
    assert services.send_again(try_on=try_on, now=NOW, by=alice)
    assert len(tick(NOW)) == 1
    assert not services.send_again(try_on=try_on, now=NOW, by=alice)


def test_or_once_by_itself_where_the_shop_wants_it(alice, settings):
    settings.MIRAGIC_RESEND_UNCONFIRMED = 10
    try_on = factories.try_on(alice, Status.SUBMITTING)
    try_on.move(Status.UNCONFIRMED, now=NOW)
    assert tick(NOW + timedelta(minutes=9)) == []
    assert len(tick(NOW + timedelta(minutes=11))) == 1
    try_on.refresh_from_db()
    try_on.move(Status.UNCONFIRMED, now=NOW + timedelta(minutes=12))
    assert tick(NOW + timedelta(minutes=60)) == []


def test_a_lost_look_is_made_again(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    (order,) = tick(NOW + seconds(30))
    assert order.task == "poll"
    budget.send(ApiRequest.objects.get(), NOW + seconds(30))
    tick(NOW + seconds(43))
    try_on.refresh_from_db()
    assert try_on.status == Status.PROCESSING
    assert ApiRequest.objects.filter(outcome=Outcome.LOST).count() == 1
    assert ApiRequest.objects.filter(outcome="").count() == 1


def test_fetches_are_claimed_and_their_leases_run_out(alice):
    factories.try_on(alice, Status.FETCHING, result_url="http://x/r.jpg")
    (order,) = tick()
    assert order.task == "fetch"
    assert tick(NOW + seconds(9)) == []
    (again,) = tick(NOW + seconds(11))
    assert again.token != order.token
    assert TryOn.objects.get().attempts == 0  # its order never came


def test_a_picture_that_kills_its_workers_is_given_up(alice):
    try_on = factories.try_on(alice, Status.FETCHING, result_url="http://x/r.jpg")
    at, waits = NOW, []
    for _ in range(sweep.KILLS):
        began = at
        while not tick(at):
            at += seconds(1)
        waits.append((at - began).total_seconds())
        try_on.refresh_from_db()
        assert try_on.begin_attempt(at + seconds(10))
    assert waits[:3] == [0, 11, 21]  # at once, then with a backoff
    tick(at + seconds(11))
    try_on.refresh_from_db()
    assert try_on.failure_code == "result_unavailable"


def test_a_stopped_key_keeps_its_jobs_waiting(alice, key):
    factories.try_on(alice)
    budget.stop_key(key, "refused", "401")
    assert tick() == []
    assert TryOn.objects.get().status == Status.QUEUED
    budget.start_key(key, NOW)
    assert len(tick()) == 1


def test_deleted_ones_are_left_alone(alice, key):
    for status in (Status.QUEUED, Status.PROCESSING, Status.FETCHING):
        services.delete_try_on(
            try_on=factories.try_on(alice, status, key=key), now=NOW, by=alice
        )
    assert tick(NOW + seconds(40)) == []


def test_backoff_is_obeyed(alice):
    factories.try_on(alice, next_attempt_at=NOW + seconds(10))
    assert tick() == []
    assert len(tick(NOW + seconds(11))) == 1


def test_after_a_day_it_counts_as_lost(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    budget.stop_key(key, "refused", "401")
    tick(NOW + timedelta(hours=24))
    try_on.refresh_from_db()
    assert try_on.status == Status.PROCESSING
    tick(NOW + timedelta(hours=26))
    try_on.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, "timed_out")


def test_light_users_come_before_a_long_queue(alice, bob):
    photo, piece = factories.photo(alice), factories.garment(sku="Q-1")
    for n in range(30):
        factories.try_on(
            alice, photo=photo, garment=piece, created_at=NOW - seconds(60 - n)
        )
    light = factories.try_on(bob, garment=piece, created_at=NOW)
    tick()
    light.refresh_from_db()
    assert light.status == Status.SUBMITTING


def test_queries_do_not_grow_with_the_queue(alice, django_assert_max_num_queries):
    photo, piece = factories.photo(alice), factories.garment(sku="Q-2")
    counts = []
    factories.key(KEY, bucket_level=0)
    tick()
    for size in (5, 200):
        rows = [
            TryOn(
                owner=alice,
                photo=photo,
                garment=piece,
                mode="single",
                garment_kind="upper_body",
                created_at=NOW,
            )
            for _ in range(size)
        ]
        TryOn.objects.bulk_create(rows)
        # An empty bucket: planned in full, but nothing may be sent.
        factories.key(KEY, bucket_level=0)
        with django_assert_max_num_queries(60) as captured:
            tick()
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_queries_do_not_grow_with_what_is_reserved(alice):
    photo, piece = factories.photo(alice), factories.garment(sku="Q-3")
    tick()
    counts = []
    for many in (1, 9):
        for _ in range(many):
            factories.try_on(alice, photo=photo, garment=piece)
        with CaptureQueriesContext(connection) as captured:
            assert len(tick()) == many
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_each_of_many_is_claimed_by_its_own_request_and_told_of(alice):
    photo, piece = factories.photo(alice), factories.garment(sku="Q-4")
    flying = {"status": Status.PROCESSING, "photo": photo, "garment": piece}
    for _ in range(3):
        factories.try_on(alice, photo=photo, garment=piece, attempts=2)
        factories.try_on(alice, **flying, created_at=NOW - seconds(60))
    orders = tick()
    requests = ApiRequest.objects.all()
    assert len(orders) == len(requests) == 6
    for request in requests:
        try_on = request.try_on
        assert try_on.claim == request.token
        assert try_on.lease_until > NOW
        if request.kind == "submit":
            assert try_on.key == request.key
            (event,) = try_on.events.all()
            assert (event.from_status, event.to_status) == ("queued", "submitting")
            assert try_on.attempts == 2


def test_what_moved_since_it_was_planned_is_not_reserved(alice):
    photo, piece = factories.photo(alice), factories.garment(sku="Q-5")
    of_piece = {"photo": photo, "garment": piece}
    canceled = factories.try_on(alice, Status.CANCELED, **of_piece)
    taken = factories.try_on(alice, Status.PROCESSING, **of_piece)
    TryOn.objects.filter(pk=taken.pk).update(claim=uuid.uuid4(), lease_until=NOW)
    deleted = factories.try_on(alice, deleted_at=NOW, **of_piece)
    waits = factories.try_on(alice, **of_piece)
    key = budget.known_keys(NOW)[0].pk
    planned = [
        policy.Planned(kind, row.pk, key, NOW.timestamp())
        for kind, row in (
            ("submit", canceled),
            ("poll", taken),
            ("submit", deleted),
            ("poll", waits),
            ("submit", waits),
        )
    ]
    with transaction.atomic():
        (order,) = planner._reserve(planned, NOW)
    assert ApiRequest.objects.get(pk=order.row).try_on == waits


def test_few_rows_hold_what_fairness_chooses_of_all(alice, bob):
    """The owners with least in flight, then whose oldest job waits longest."""
    photo, piece = factories.photo(alice), factories.garment(sku="Q-6")
    owners = [alice, bob] + [
        User.objects.create_user(f"line{n}@example.org") for n in range(6)
    ]
    rng = random.Random(7)
    for owner in owners:
        for _ in range(rng.randrange(1, 8)):
            factories.try_on(
                owner,
                photo=photo,
                garment=piece,
                created_at=NOW - seconds(rng.randrange(1000)),
                next_attempt_at=rng.choice([None, None, NOW + seconds(60)]),
            )
    in_flight = Counter({owner.pk: rng.randrange(3) for owner in owners})
    load, lines = planner.current_load(in_flight, NOW)
    everything = planner.next_in_line(NOW, lines, most=1000)
    for most in (1, 4, 10):
        few = planner.next_in_line(NOW, lines, most=most)
        assert _served(few, in_flight, most) == _served(everything, in_flight, most)
    assert len(planner.next_in_line(NOW, lines, most=2)) <= 4
    assert load.queued + in_flight.total() == TryOn.objects.count()


def _served(jobs, in_flight: Counter, most: int) -> list[uuid.UUID]:
    left, count, served = list(jobs), Counter(in_flight), []
    while left and len(served) < most:
        job = min(left, key=lambda job: (count[job.owner], job.created_at))
        left.remove(job)
        count[job.owner] += 1
        served.append(job.id)
    return served


def test_forecasts_by_mode_once_there_are_enough(alice):
    photo, piece = factories.photo(alice), factories.garment(sku="F-1")
    for n in range(25):
        factories.try_on(
            alice,
            Status.COMPLETED,
            photo=photo,
            garment=piece,
            with_result=False,
            duration_seconds=10,
            answered_at=NOW + seconds(n),
        )
    forecasts = durations.current_forecasts()
    assert forecasts["single"].quantile(0.5) == forecasts["combo"].quantile(0.5) == 10
    for n in range(20):
        factories.try_on(
            alice,
            Status.COMPLETED,
            combo=True,
            photo=photo,
            with_result=False,
            duration_seconds=50,
            answered_at=NOW + seconds(100 + n),
        )
    forecasts = durations.current_forecasts()
    assert forecasts["single"].quantile(0.5) == 10
    assert forecasts["combo"].quantile(0.5) == 50
