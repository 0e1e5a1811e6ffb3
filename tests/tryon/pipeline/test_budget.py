"""Whatever happens, no window of the server's sees more than the limit."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Q
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests import factories
from tests.factories import NOW
from tryon.models import ApiRequest, Key, TryOn, User
from tryon.models.ledger import KeyState, Outcome
from tryon.pipeline import budget
from tryon.pipeline.policy import KeyRoom
from tryon.pipeline.timing import timing

KEY = "sk_live_" + "b" * 43


@pytest.fixture
def key(db, settings) -> Key:
    settings.MIRAGIC_API_KEYS = [KEY]
    return factories.key(KEY)


def seconds(n: float) -> timedelta:
    return timedelta(seconds=n)


def reserve(key: Key, at: datetime, try_on, kind="poll") -> ApiRequest:
    """As the scheduler does: the try-on waits for just this request."""
    request = budget.reservation(
        key_id=key.pk, try_on_id=try_on.pk, kind=kind, at=at.timestamp()
    )
    request.save()
    TryOn.objects.filter(pk=try_on.pk).update(claim=request.token, lease_until=at)
    return request


def rooms(at: datetime) -> list[KeyRoom]:
    return budget.lock_rooms(budget.known_keys(at), at, {})


def free(at: datetime) -> int:
    with transaction.atomic():
        (room,) = rooms(at)
    return room.free(at.timestamp(), timing().limit)


@pytest.fixture
def try_on(alice):
    return factories.try_on(alice, "processing")


def test_a_slot_is_taken_from_reservation_until_a_window_after_its_answer(key, try_on):
    request = reserve(key, NOW, try_on)
    assert free(NOW) == 59
    assert budget.send(request, NOW + seconds(1))
    assert free(NOW + seconds(500)) == 59
    answered = NOW + seconds(9)
    budget.answer(request, Outcome.RUNNING, answered)
    assert free(answered + seconds(60.9)) == 59
    assert free(answered + seconds(61)) == 60


def test_a_reservation_is_sent_once(key, try_on):
    request = reserve(key, NOW, try_on)
    assert budget.send(request, NOW)
    assert not budget.send(ApiRequest.objects.get(pk=request.pk), NOW)


def test_a_void_reservation_is_free_at_once_and_cannot_be_sent(key, try_on):
    request = reserve(key, NOW, try_on)
    assert budget.void_overdue(NOW + seconds(4.9)) == []
    assert budget.void_overdue(NOW + seconds(5.1)) == [request]
    assert free(NOW + seconds(5.1)) == 60
    assert not budget.send(request, NOW + seconds(5.2))


def test_one_that_was_sent_cannot_be_voided(key, try_on):
    request = reserve(key, NOW, try_on)
    budget.send(request, NOW)
    assert budget.void(Q(pk=request.pk)) == []


def test_nothing_is_sent_that_its_try_on_no_longer_waits_for(key, try_on):
    """Its first submit was called lost and sent again; the late answer came first."""
    request = reserve(key, NOW, try_on)
    TryOn.objects.filter(pk=try_on.pk).update(claim=None, lease_until=None)
    assert not budget.send(request, NOW)


def test_nothing_is_sent_for_a_deleted_try_on(key, try_on):
    request = reserve(key, NOW, try_on)
    type(try_on).objects.update(deleted_at=NOW)
    assert not budget.send(request, NOW)


def test_sent_and_never_answered_counts_as_answered_at_its_deadline(key, try_on):
    request = reserve(key, NOW, try_on)
    budget.send(request, NOW)
    assert budget.close_lost(NOW + seconds(11)) == []
    assert budget.close_lost(NOW + seconds(13)) == [request]
    request.refresh_from_db()
    assert request.outcome == Outcome.LOST
    assert request.answered_at == NOW + seconds(10)
    assert budget.close_lost(NOW + seconds(20)) == []


def test_keys_are_made_on_first_sight_and_known_by_fingerprint(db, settings):
    settings.MIRAGIC_API_KEYS = [KEY, KEY[:-1] + "c"]
    keys = budget.known_keys(NOW)
    assert len(keys) == 2
    assert budget.known_keys(NOW) == keys
    assert not any("sk_live" in str(key.__dict__) for key in keys)


def test_a_429_pauses_and_keeps_strict_pace_for_an_hour(key):
    budget.slow_down(key, 30, NOW)
    with transaction.atomic():
        assert rooms(NOW + seconds(29)) == []
        (room,) = rooms(NOW + seconds(31))
        assert room.burst == timing().strict_burst
        (room,) = rooms(NOW + seconds(3601))
        assert room.burst == 10


def test_a_refused_key_is_not_used_until_a_person_starts_it(key):
    budget.stop_key(key, KeyState.REFUSED, "401 INVALID_API_KEY")
    with transaction.atomic():
        assert rooms(NOW) == []
        budget.start_key(key, NOW)
        assert len(rooms(NOW)) == 1


@pytest.mark.parametrize("state", [KeyState.OUT_OF_CREDITS, KeyState.PAUSED])
def test_others_still_bring_home_what_is_paid_for(key, state):
    budget.stop_key(key, state, "402 INSUFFICIENT_CREDITS")
    with transaction.atomic():
        (room,) = rooms(NOW)
    assert room.submits_from == float("inf")
    key.refresh_from_db()
    assert not key.may_submit(NOW)


def test_unclear_submits_pause_submits_doubling_then_probe(key):
    pauses = []
    for _ in range(8):
        budget.pause_submits(key, NOW)
        key.refresh_from_db()
        pauses.append((key.submits_paused_until - NOW).total_seconds())
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300]
    with transaction.atomic():
        (room,) = rooms(NOW)
    assert room.probing and room.submits_from > NOW.timestamp()
    budget.submits_work(key)
    key.refresh_from_db()
    assert key.may_submit(NOW)


def test_while_a_probe_is_out_there_is_no_second(key, try_on):
    budget.pause_submits(key, NOW)
    reserve(key, NOW, try_on, kind="submit")
    with transaction.atomic():
        (room,) = rooms(NOW + seconds(100))
    assert room.submits_from == float("inf")


@pytest.mark.parametrize("step", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_a_stepped_clock_frees_nothing_early(key, try_on, step):
    request = reserve(key, NOW, try_on)
    budget.send(request, NOW)
    budget.answer(request, Outcome.RUNNING, NOW)
    budget.clock_stepped(NOW + seconds(10), NOW + seconds(10) + step)
    after = NOW + seconds(10) + step
    assert free(after + seconds(60)) == 59
    assert free(after + seconds(61.5)) == 60


def test_room_now_for_people(key, try_on):
    request = reserve(key, NOW, try_on)
    budget.send(request, NOW)
    assert budget.room_now(NOW) == {key.pk: 59}
    budget.answer(request, Outcome.RUNNING, NOW)
    assert budget.room_now(NOW + seconds(62)) == {key.pk: 60}


# --- over arbitrary interleavings ---

LIMIT, WINDOW = 4, 8

steps = st.lists(
    st.tuples(
        st.sampled_from(["plan", "send", "answer", "crash", "wait", "restart"]),
        st.floats(0, 3),  # seconds that pass before
        st.floats(0, 1),  # where between send and answer the server counts
        st.floats(-0.5, 0.5),  # skew of the server's clock at that moment
    ),
    max_size=120,
)


def most_sliding(times: list[float]) -> int:
    times = sorted(times)
    return max(
        (sum(at - WINDOW < other <= at for other in times) for at in times), default=0
    )


def most_fixed(times: list[float]) -> int:
    counts: dict[int, int] = {}
    for at in times:
        counts[int(at // WINDOW)] = counts.get(int(at // WINDOW), 0) + 1
    return max(counts.values(), default=0)


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_no_window_ever_sees_more_than_the_limit(settings, world):
    """Reservations, late sends, lost answers, killed workers, restarts, skew."""
    settings.MIRAGIC_API_KEYS = [KEY]
    settings.MIRAGIC_RATE_LIMIT, settings.MIRAGIC_RATE_WINDOW = LIMIT, WINDOW
    with transaction.atomic():
        factories.key(KEY)
        owner = User.objects.create_user("p@example.org")
        try_on = factories.try_on(owner, "processing")
        run(world, try_on)
        transaction.set_rollback(True)


def reserve_another(key_id: int, at: float, like: TryOn) -> ApiRequest:
    """For a job of its own, since one job has one request at a time."""
    job = TryOn.objects.create(
        owner=like.owner,
        photo=like.photo,
        garment=like.garment,
        mode=like.mode,
        garment_kind=like.garment_kind,
        created_at=like.created_at,
        token=uuid.uuid4(),
    )
    return reserve(Key(pk=key_id), datetime.fromtimestamp(at, UTC), job)


def run(world, try_on) -> None:
    now = NOW
    t = timing()
    reserved: list[ApiRequest] = []
    aloft: list[tuple[ApiRequest, datetime]] = []
    counted: list[float] = []
    for action, passes, where, skew in world:
        now += seconds(passes)
        for request in budget.void_overdue(now):
            reserved = [r for r in reserved if r.pk != request.pk]
        budget.close_lost(now)
        if action == "plan":
            for room in rooms(now):
                at = now.timestamp()
                while room.free(at, t.limit) > 0 and room.level_then(at, t.refill) >= 1:
                    room.take(at, t.refill)
                    reserved.append(reserve_another(room.id, at, try_on))
                budget.keep_buckets([room])
        elif action == "send" and reserved:
            request = reserved.pop(0)
            if budget.send(request, now):
                aloft.append((request, now))
        elif action in ("answer", "crash") and aloft:
            request, sent = aloft.pop(0)
            took = min((now - sent).total_seconds(), t.poll_deadline)
            answered = sent + seconds(took)
            counted.append((sent + seconds(took * where)).timestamp() + skew)
            if action == "answer":
                budget.answer(request, Outcome.RUNNING, max(answered, now))
        elif action == "restart":
            reserved.clear()
    for _request, sent in aloft:
        counted.append(sent.timestamp())
    assert most_sliding(counted) <= LIMIT
    assert most_fixed(counted) <= LIMIT


def test_planned_times_are_kept_in_utc(key, try_on):
    request = reserve(key, NOW, try_on)
    request.refresh_from_db()
    assert request.planned_at == NOW.astimezone(UTC)
