"""What each answer of the API does: the state, the try, the key, the sentence."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests import factories
from tests.factories import NOW
from tryon import miragic, services
from tryon.miragic.meaning import error_from
from tryon.models import ApiRequest, FailureCode, Key, Status, TryOn
from tryon.models.ledger import Outcome
from tryon.pipeline import budget, outcomes, planner, sweep
from tryon.pipeline.clock import Clock
from tryon.presentation import texts

KEY = "sk_live_" + "a" * 43


@pytest.fixture(autouse=True)
def key(db, settings):
    settings.MIRAGIC_API_KEYS = [KEY]
    return factories.key(KEY)


def sent(try_on) -> ApiRequest:
    """The one request that the scheduler plans for it, sent."""
    at = NOW + timedelta(seconds=40)
    planner.tick(Clock(lambda: at))
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
    outcomes.submit_failed(request, error, LATER)
    try_on.refresh_from_db()
    request.refresh_from_db()
    key.refresh_from_db()
    assert (try_on.status, request.outcome) == (status, outcome)
    assert key.state == key_state
    assert try_on.claim is None
    assert request.detail == error.detail
    assert try_on.counts_against_limit == (status != Status.FAILED)
    if status in (Status.FAILED, Status.UNCONFIRMED):
        assert texts.find_advice(try_on).sentence


# What each cell of the table in `miragic.meaning` does, by its meaning: the state, a
# try spent, what stops. Which cell means what is held by miragic/test_meaning.py.
FORMS = {
    "nested": '{"success": false, "error": {"code": "C", "message": "Words"}}',
    "flat": '{"success": false, "message": "Words"}',
    "html": "<html><title>Just a moment...</title></html>",
    "text": "404 page not found",
    "empty": "",
    "truncated": '{"success": false, "error": {"co',
}
CELLS = [  # status, forms, state of the submit's job, of the key, of the look's job
    (400, "nested flat", "failed", "working", "processing"),
    (400, "html text empty truncated", "unconfirmed", "working", "processing"),
    (401, "nested flat", "queued", "refused", "processing"),
    (402, "nested flat", "queued", "out_of_credits", "processing"),
    (403, "nested flat", "queued", "refused", "processing"),
    (404, "nested flat", "failed", "working", "processing"),
    *[
        (code, "html text empty truncated", "queued", "working", "processing")
        for code in (401, 402, 403, 404, 405, 409, 425, 429)
    ],
    (408, " ".join(FORMS), "unconfirmed", "working", "processing"),
    (429, "nested flat", "queued", "working", "processing"),
    (500, " ".join(FORMS), "unconfirmed", "working", "processing"),
    (502, " ".join(FORMS), "unconfirmed", "working", "processing"),
    (503, "nested flat", "queued", "working", "processing"),
    (503, "html text empty truncated", "unconfirmed", "working", "processing"),
    (504, " ".join(FORMS), "unconfirmed", "working", "processing"),
    (520, " ".join(FORMS), "unconfirmed", "working", "processing"),
]


@pytest.mark.parametrize(
    ("status", "forms", "submit", "stops", "look"),
    CELLS,
    ids=[f"{row[0]} {row[1].split()[0]}" for row in CELLS],
)
def test_the_table_of_answers(alice, key, status, forms, submit, stops, look):
    for form in forms.split():
        error = error_from(status, FORMS[form].encode())
        for asked, store, then in (
            (Status.QUEUED, outcomes.submit_failed, submit),
            (Status.PROCESSING, outcomes.poll_failed, look),
        ):
            start_over(key)
            try_on = factories.try_on(alice, asked, key=key)
            store(sent(try_on), error, LATER)
            try_on.refresh_from_db()
            key.refresh_from_db()
            assert (try_on.status, key.state) == (then, stops), form
            assert try_on.counts_against_limit == (then != "failed")
            assert try_on.claim is None


def start_over(key) -> None:
    """With a key that nothing was asked of."""
    TryOn.objects.all().delete()
    ApiRequest.objects.all().delete()
    budget.start_key(key, NOW)
    Key.objects.update(bucket_level=0, bucket_at=NOW, strict_until=None)


def test_the_key_waits_not_the_job(alice, key):
    try_on = factories.try_on(alice)
    outcomes.submit_failed(sent(try_on), miragic.RateLimited("x", retry_after=9), LATER)
    try_on.refresh_from_db()
    key.refresh_from_db()
    assert try_on.next_attempt_at is None
    assert key.paused_until == LATER + timedelta(seconds=9)


def test_outages_pause_the_submits_and_the_next_success_ends_it(alice, key):
    try_on = factories.try_on(alice)
    outcomes.submit_failed(sent(try_on), miragic.MayHaveArrived("cut"), LATER)
    key.refresh_from_db()
    assert not key.may_submit(LATER)
    budget.start_key(key, LATER)
    try_on.refresh_from_db()
    services.send_again(try_on=try_on, now=LATER, by=alice)
    outcomes.submitted(sent(try_on), miragic.Accepted("r1", None), LATER)
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
    outcomes.submit_failed(sent(try_on), miragic.Refused(detail), LATER)
    try_on.refresh_from_db()
    assert try_on.failure_code == code
    assert try_on.failure_detail == detail


def test_an_answer_in_hand_counts_even_after_the_sweep(alice):
    """The database was away too long to store it in time: it is still paid for."""
    try_on = factories.try_on(alice)
    request = sent(try_on)
    sweep.sweep(NOW + timedelta(seconds=80))
    try_on.refresh_from_db()
    assert try_on.status == Status.UNCONFIRMED
    outcomes.submitted(request, miragic.Accepted("r9", None), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.remote_id) == (Status.PROCESSING, "r9")


def test_an_answer_for_a_deleted_one_is_dropped(alice):
    try_on = factories.try_on(alice)
    request = sent(try_on)
    services.delete_try_on(try_on=try_on, now=NOW, by=alice)
    outcomes.submitted(request, miragic.Accepted("r1", None), LATER)
    request.refresh_from_db()
    try_on.refresh_from_db()
    assert request.outcome == Outcome.ACCEPTED
    assert try_on.remote_id == ""


def looked(state, url="", seconds=None, message="") -> miragic.Polled:
    raw = {"data": {"resultImagePath": url}}
    return miragic.Polled(miragic.JobState(state), url, message, seconds, raw)


def test_still_running(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    request = sent(try_on)
    outcomes.polled(request, looked("running"), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.claim) == (Status.PROCESSING, None)
    assert try_on.last_polled_at == NOW + timedelta(seconds=40)


def test_completed(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    outcomes.polled(sent(try_on), looked("completed", "http://x/r", 20), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.result_url) == (Status.FETCHING, "http://x/r")
    assert try_on.duration_seconds == 20


@pytest.mark.parametrize(("told", "kept"), [(500, 40), (-3, 0), (None, 20), (12, 12)])
def test_durations_are_held_between_what_we_saw(alice, key, told, kept):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    outcomes.polled(sent(try_on), looked("completed", "http://x/r", told), LATER)
    try_on.refresh_from_db()
    assert try_on.duration_seconds == kept


def test_failed_at_the_api(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    outcomes.polled(sent(try_on), looked("failed", message="no luck"), LATER)
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
    outcomes.poll_failed(sent(try_on), error, LATER)
    try_on.refresh_from_db()
    key.refresh_from_db()
    assert (try_on.status, try_on.claim) == (Status.PROCESSING, None)
    assert key.state == key_state


def looks(try_on, key, *recorded: str) -> None:
    """That the ledger has of it."""
    for outcome in recorded:
        ApiRequest.objects.create(
            key=key,
            try_on=try_on,
            kind="poll",
            token=try_on.token,
            planned_at=NOW,
            sent_at=NOW,
            answered_at=NOW,
            outcome=outcome,
        )


@pytest.mark.parametrize(
    ("detail", "code"),
    [("404: Job not found", "vanished"), ("400: the person is nude", "photo_refused")],
)
def test_three_refusals_mean_that_it_vanished(alice, key, detail, code):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    looks(try_on, key, "refused", "unclear", "not_arrived", "refused", "rate_limited")
    outcomes.poll_failed(sent(try_on), miragic.Refused(detail, status=404), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, code)


@pytest.mark.parametrize(
    "before", [["unclear"] * 9, ["refused", "running", "refused"], ["refused"]]
)
def test_pages_and_old_refusals_are_no_word_against_a_job(alice, key, before):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key, attempts=9)
    looks(try_on, key, *before)
    outcomes.poll_failed(sent(try_on), miragic.Refused("404", status=404), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.claim) == (Status.PROCESSING, None)


@pytest.mark.parametrize(
    "error",
    [
        miragic.NotArrived("403, a page", status=403),
        miragic.MayHaveArrived("502"),
        miragic.OutOfCredits("402"),
        miragic.Refused("404"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_goes_on_failing_is_looked_at_ever_more_rarely(alice, key, error):
    """Or it would use up the key's requests."""
    waits = []
    for attempts in (0, 3, 50):
        try_on = factories.try_on(alice, Status.PROCESSING, key=key, attempts=attempts)
        outcomes.poll_failed(sent(try_on), error, LATER)
        try_on.refresh_from_db()
        waits.append((try_on.next_attempt_at - LATER).total_seconds())
        assert try_on.attempts == attempts + 1
        TryOn.objects.all().delete()
    assert waits == [5, 40, 300]


def test_a_submit_that_a_page_turns_away_lets_others_go_first(alice, bob, key):
    """A firewall may dislike this very picture: its key's next try is another job's."""
    try_on = factories.try_on(alice)
    page = miragic.NotArrived("403, not in the API's own form", status=403)
    outcomes.submit_failed(sent(try_on), page, LATER)
    try_on.refresh_from_db()
    key.refresh_from_db()
    assert (try_on.status, try_on.attempts) == (Status.QUEUED, 1)
    assert try_on.next_attempt_at > key.submits_paused_until
    other = factories.try_on(bob, created_at=LATER)
    (order,) = planner.tick(Clock(lambda: key.submits_paused_until))
    assert ApiRequest.objects.get(pk=order.row).try_on == other


def test_a_submit_that_pages_turn_away_for_a_day_ends(alice, key):
    """No try spent, and its page says so; a network that is away ends nothing."""
    for error, status in (
        (miragic.NotArrived("no route"), Status.QUEUED),
        (miragic.NotArrived("403", status=403), Status.FAILED),
    ):
        budget.start_key(key, NOW)
        try_on = factories.try_on(alice, attempts=outcomes.TURNED_AWAY - 1)
        outcomes.submit_failed(sent(try_on), error, LATER)
        try_on.refresh_from_db()
        assert try_on.status == status
        ApiRequest.objects.all().delete()
        TryOn.objects.filter(status=Status.QUEUED).delete()
    assert (try_on.failure_code, try_on.counts_against_limit) == ("timed_out", False)


def test_a_key_that_is_gone(alice, key):
    """Any other key may look; three refusals end it and stop no key."""
    gone = factories.key("sk_live_" + "g" * 43)
    try_on = factories.try_on(alice, Status.PROCESSING, key=gone)
    looks(try_on, key, "key_refused", "refused")
    request = sent(try_on)
    assert request.key == key
    outcomes.poll_failed(request, miragic.KeyRefused("403", status=403), LATER)
    try_on.refresh_from_db()
    key.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, "key_gone")
    assert key.state == "working"


def test_still_running_after_a_day(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    request = sent(try_on)
    outcomes.polled(request, looked("running"), NOW + timedelta(hours=23))
    try_on.refresh_from_db()
    assert try_on.status == Status.PROCESSING
    outcomes.polled(request, looked("running"), NOW + timedelta(hours=25))
    request.refresh_from_db()
    try_on.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, "timed_out")


def test_completed_without_an_address_is_looked_at_again(alice, key):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    outcomes.polled(sent(try_on), looked("completed"), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.claim) == (Status.PROCESSING, None)
    assert try_on.next_attempt_at > LATER
    looks(try_on, key, *["completed"] * (outcomes.VAIN - 2))
    request = ApiRequest.objects.filter(try_on=try_on).first()
    outcomes.polled(request, looked("completed"), LATER)
    try_on.refresh_from_db()
    assert try_on.status == Status.PROCESSING
    looks(try_on, key, "completed")
    outcomes.polled(request, looked("completed"), LATER)
    try_on.refresh_from_db()
    assert try_on.failure_code == "result_unavailable"


def test_another_word_for_the_end_is_told_to_staff(alice, key, caplog):
    try_on = factories.try_on(alice, Status.PROCESSING, key=key)
    request = sent(try_on)
    odd = replace(looked("completed", "http://x/r"), odd_word="SUCCEEDED")
    outcomes.polled(request, odd, LATER)
    try_on.refresh_from_db()
    request.refresh_from_db()
    assert (try_on.status, try_on.result_url) == (Status.FETCHING, "http://x/r")
    for told in (try_on.events.last().note, request.detail, caplog.text):
        assert "SUCCEEDED" in told
    assert caplog.records[-1].levelname == "ERROR"


def test_a_fresh_address_changes_neither_when_it_was_made_nor_how_long(alice, key):
    made = {"answered_at": NOW + timedelta(seconds=21), "duration_seconds": 20}
    try_on = factories.try_on(alice, Status.PROCESSING, key=key, **made)
    outcomes.polled(sent(try_on), looked("completed", "http://x/2", 3), LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.result_url) == (Status.FETCHING, "http://x/2")
    assert try_on.duration_seconds == 20
    assert try_on.answered_at == made["answered_at"]


def test_an_old_job_that_waits_for_an_address_is_not_called_lost(alice, key):
    """Its fetch failed for a day: it has its day to be looked at from then on."""
    try_on = factories.try_on(alice, Status.FETCHING, key=key)
    later = NOW + timedelta(days=2)
    outcomes.poll_again(try_on, "403", later)
    sweep.sweep(later + timedelta(hours=1))
    try_on.refresh_from_db()
    assert try_on.status == Status.PROCESSING
    sweep.sweep(later + timedelta(hours=26))
    try_on.refresh_from_db()
    assert try_on.failure_code == "timed_out"
