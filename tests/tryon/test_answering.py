"""What each answer of the API does: the state, the try, the key, the sentence."""

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import NOW
from tryon import answering, images, miragic, services, wording
from tryon.models import ApiRequest, FailureCode, Result, Status
from tryon.models.ledger import Outcome
from tryon.scheduling import budget, scheduler

KEY = "sk_live_" + "a" * 43


@pytest.fixture(autouse=True)
def key(db, settings):
    settings.MIRAGIC_API_KEYS = [KEY]
    return factories.key(KEY)


def sent(try_on) -> ApiRequest:
    """The one request that the scheduler plans for it, sent."""
    scheduler.clock.last = None
    at = NOW + timedelta(seconds=40)
    scheduler.tick(lambda: at)
    request = ApiRequest.objects.get(outcome="", try_on=try_on)
    assert budget.send(request, at)
    return request


LATER = NOW + timedelta(seconds=41)

SUBMIT_ERRORS = [
    (miragic.NotArrived("refused"), Status.QUEUED, Outcome.NOT_ARRIVED, "working"),
    (miragic.MayHaveArrived("cut"), Status.UNCONFIRMED, Outcome.UNCLEAR, "working"),
    (miragic.Refused("bad"), Status.FAILED, Outcome.REFUSED, "working"),
    (
        miragic.RateLimited("slow", retry_after=9),
        Status.QUEUED,
        Outcome.RATE_LIMITED,
        "working",
    ),
    (miragic.KeyRefused("no"), Status.QUEUED, Outcome.KEY_REFUSED, "refused"),
    (
        miragic.OutOfCredits("empty"),
        Status.QUEUED,
        Outcome.OUT_OF_CREDITS,
        "out_of_credits",
    ),
]


@pytest.mark.parametrize(
    ("error", "status", "outcome", "key_state"),
    SUBMIT_ERRORS,
    ids=[type(row[0]).__name__ for row in SUBMIT_ERRORS],
)
def test_submit_errors(alice, key, error, status, outcome, key_state):
    try_on = factories.try_on(alice)
    request = sent(try_on)
    answering.submit_failed(request, error, LATER)
    try_on.refresh_from_db()
    request.refresh_from_db()
    key.refresh_from_db()
    assert (try_on.status, request.outcome) == (status, outcome)
    assert key.state == key_state
    assert try_on.claim is None
    assert request.detail == error.detail
    assert try_on.counts_against_limit == (status != Status.FAILED)
    if status in (Status.FAILED, Status.UNCONFIRMED):
        assert wording.advice(try_on).sentence


def test_the_key_waits_not_the_job(alice, key):
    try_on = factories.try_on(alice)
    answering.submit_failed(
        sent(try_on), miragic.RateLimited("x", retry_after=9), LATER
    )
    try_on.refresh_from_db()
    key.refresh_from_db()
    assert try_on.next_attempt_at is None
    assert key.paused_until == LATER + timedelta(seconds=9)


def test_outages_pause_the_submits_and_the_next_success_ends_it(alice, key):
    try_on = factories.try_on(alice)
    answering.submit_failed(sent(try_on), miragic.MayHaveArrived("cut"), LATER)
    key.refresh_from_db()
    assert not key.may_submit(LATER)
    budget.start_key(key, LATER)
    try_on.refresh_from_db()
    services.send_again(try_on=try_on, now=LATER, by=alice)
    answering.submitted(sent(try_on), miragic.Accepted("r1", None), LATER)
    try_on.refresh_from_db()
    key.refresh_from_db()
    assert (try_on.status, try_on.remote_id) == (Status.PROCESSING, "r1")
    assert key.submit_failures == 0


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ("humanImage is not valid", FailureCode.PHOTO_REFUSED),
        ("no person found", FailureCode.PHOTO_REFUSED),
        ("clothImage too small", FailureCode.GARMENT_REFUSED),
        ("bad request", FailureCode.REFUSED),
    ],
)
def test_which_picture_was_refused(alice, detail, code):
    try_on = factories.try_on(alice)
    answering.submit_failed(sent(try_on), miragic.Refused(detail), LATER)
    try_on.refresh_from_db()
    assert try_on.failure_code == code
    assert try_on.failure_detail == detail


def test_an_answer_in_hand_counts_even_after_the_sweep(alice):
    """The database was away too long to store it in time: it is still paid for."""
    try_on = factories.try_on(alice)
    request = sent(try_on)
    scheduler.sweep(NOW + timedelta(seconds=80))
    try_on.refresh_from_db()
    assert try_on.status == Status.UNCONFIRMED
    answering.submitted(request, miragic.Accepted("r9", None), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.remote_id) == (Status.PROCESSING, "r9")


def test_an_answer_for_a_deleted_one_is_dropped(alice):
    try_on = factories.try_on(alice)
    request = sent(try_on)
    services.delete_try_on(try_on=try_on, now=NOW, by=alice)
    answering.submitted(request, miragic.Accepted("r1", None), LATER)
    request.refresh_from_db()
    try_on.refresh_from_db()
    assert request.outcome == Outcome.ACCEPTED
    assert try_on.remote_id == ""


def looked(state, url="", seconds=None, message="") -> miragic.Looked:
    raw = {"data": {"resultImagePath": url}}
    return miragic.Looked(miragic.JobState(state), url, message, seconds, raw)


def test_still_running(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    request = sent(try_on)
    answering.looked(request, looked("running"), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.claim) == (Status.PROCESSING, None)
    assert try_on.last_look_at == NOW + timedelta(seconds=40)


def test_completed(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    answering.looked(sent(try_on), looked("completed", "http://x/r", 20), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.result_url) == (Status.FETCHING, "http://x/r")
    assert try_on.duration_seconds == 20


@pytest.mark.parametrize(("told", "kept"), [(500, 40), (-3, 0), (None, 20), (12, 12)])
def test_durations_are_held_between_what_we_saw(alice, key, told, kept):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    answering.looked(sent(try_on), looked("completed", "http://x/r", told), LATER)
    try_on.refresh_from_db()
    assert try_on.duration_seconds == kept


def test_failed_at_the_api(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    answering.looked(sent(try_on), looked("failed", message="no luck"), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, "not_made")
    assert try_on.failure_detail == "no luck"
    assert not try_on.counts_against_limit


LOOK_ERRORS = [
    (miragic.NotArrived("x"), "working"),
    (miragic.MayHaveArrived("x"), "working"),
    (miragic.RateLimited("x", retry_after=None), "working"),
    (miragic.KeyRefused("x"), "refused"),
    (miragic.OutOfCredits("x"), "out_of_credits"),
    (miragic.Refused("x", status=404), "working"),
]


@pytest.mark.parametrize(
    ("error", "key_state"), LOOK_ERRORS, ids=[type(e).__name__ for e, _ in LOOK_ERRORS]
)
def test_no_failed_look_loses_a_job(alice, key, error, key_state):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    answering.look_failed(sent(try_on), error, LATER)
    try_on.refresh_from_db()
    key.refresh_from_db()
    assert (try_on.status, try_on.claim) == (Status.PROCESSING, None)
    assert key.state == key_state


def test_three_refusals_mean_that_it_vanished(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key, attempts=2)
    answering.look_failed(sent(try_on), miragic.Refused("404", status=404), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, "vanished")


def test_a_key_that_is_gone(alice, key):
    """Any other key may look; three refusals end it and stop no key."""
    gone = factories.key("sk_live_" + "g" * 43)
    try_on = factories.try_on(alice, Status.PROCESSING, key=gone, attempts=2)
    request = sent(try_on)
    assert request.key == key
    answering.look_failed(request, miragic.KeyRefused("403", status=403), LATER)
    try_on.refresh_from_db()
    key.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, "key_gone")
    assert key.state == "working"


def test_still_running_after_a_day(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    request = sent(try_on)
    answering.looked(request, looked("running"), NOW + timedelta(hours=23))
    try_on.refresh_from_db()
    assert try_on.status == Status.PROCESSING
    answering.looked(request, looked("running"), NOW + timedelta(hours=25))
    request.refresh_from_db()
    try_on.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, "timed_out")


def test_completed_without_an_address_is_looked_at_again(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    answering.looked(sent(try_on), looked("completed"), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.attempts) == (Status.PROCESSING, 1)


# --- fetch ---


@pytest.fixture
def fetching(alice):
    try_on = factories.try_on(
        alice,
        Status.FETCHING,
        result_url="http://x/r.jpg",
        raw_answer={"data": {"resultImagePath": "http://x/r.jpg", "mode": "SINGLE"}},
    )
    scheduler.claim_fetches(NOW)
    try_on.refresh_from_db()
    return try_on


def test_fetched(fetching, media_files):
    picture = images.read_result(factories.picture_bytes())
    result = answering.fetched(fetching, picture, LATER)
    fetching.refresh_from_db()
    assert fetching.status == Status.COMPLETED
    assert result.file_name in media_files()
    assert fetching.result_url == ""
    assert fetching.raw_answer == {"data": {"mode": "SINGLE"}}


def test_a_picture_nobody_wants_any_more_leaves_no_file(
    fetching, alice, media_files, django_capture_on_commit_callbacks
):
    before = media_files()
    services.delete_try_on(try_on=fetching, now=NOW, by=alice)
    picture = images.read_result(factories.picture_bytes())
    with django_capture_on_commit_callbacks(execute=True):
        assert answering.fetched(fetching, picture, LATER) is None
    assert media_files() == before
    assert not Result.objects.exists()


def test_a_second_fetch_of_the_same_is_dropped(fetching):
    picture = images.read_result(factories.picture_bytes())
    assert answering.fetched(fetching, picture, LATER)
    assert answering.fetched(fetching, picture, LATER) is None
    assert Result.objects.count() == 1


def test_whoever_has_the_picture_keeps_it_though_the_lease_ran_out(fetching):
    scheduler.sweep(NOW + timedelta(seconds=20))
    scheduler.claim_fetches(NOW + timedelta(seconds=20))
    picture = images.read_result(factories.picture_bytes())
    assert answering.fetched(fetching, picture, LATER)


def test_fetching_is_tried_again_and_then_given_up(fetching):
    fetching.begin_attempt(LATER)
    answering.fetch_failed(fetching, "404", LATER, final=False)
    fetching.refresh_from_db()
    assert (fetching.status, fetching.attempts) == (Status.FETCHING, 1)
    fetching.attempts = answering.FETCHES
    answering.fetch_failed(fetching, "404", LATER, final=False)
    fetching.refresh_from_db()
    assert fetching.failure_code == "result_unavailable"
