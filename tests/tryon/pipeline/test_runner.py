"""The workers' part against the sandbox over real HTTP, step by step."""

import threading
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection

from tests import factories
from tests.conftest import image_of
from tests.factories import NOW
from tryon import services
from tryon.models import ApiRequest, Key, Status, TryOn
from tryon.models.ledger import Outcome
from tryon.monitoring import status
from tryon.pictures import normalise, storage
from tryon.pipeline import budget, outcomes, planner, runner
from tryon.pipeline.clock import Clock
from tryon.presentation import texts
from tryon.sandbox.jobs import Fault, Options
from tryon.sandbox.server import serve_in_thread

KEY = "sk_live_" + "e" * 43
SPEED = 60


@pytest.fixture
def sandbox():
    """Sixty times as fast as the API."""
    server = serve_in_thread(Options(speed=SPEED, spread=0.1, seed=1))
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def house(db, settings, sandbox):
    settings.MIRAGIC_API_KEYS = [KEY]
    settings.MIRAGIC_BASE_URL = sandbox.url
    settings.MIRAGIC_TIME_SCALE = SPEED
    factories.key(KEY)
    return sandbox


def now() -> datetime:
    return datetime.now(UTC)


def work() -> list[str]:
    """One pass of the dispatcher, its orders carried out here and now."""
    done = []
    for order in planner.tick(Clock(now)):
        if order.task == "submit":
            runner.submit(order.row, str(order.token))
        elif order.task == "poll":
            runner.poll(order.row, str(order.token))
        else:
            runner.fetch(str(order.row), str(order.token))
        done.append(order.task)
    return done


def until(try_on, *statuses, seconds=15) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        work()
        try_on.refresh_from_db()
        if try_on.status in statuses:
            return
        time.sleep(0.02)
    raise AssertionError(try_on.status)


@pytest.mark.parametrize("combo", [False, True])
def test_a_job_runs_to_its_picture(alice, sandbox, combo):
    try_on = factories.try_on(alice, combo=combo, created_at=now())
    until(try_on, Status.COMPLETED)
    assert image_of(storage.read(try_on.result.file_name)).size == (400, 500)
    (job,) = sandbox.state.jobs.values()
    assert job.mode == ("TOP_BOTTOM" if combo else "SINGLE")
    assert len(job.pictures) == 3  # with the garment type of a single
    story = [event.to_status for event in try_on.events.all()]
    assert story == ["submitting", "processing", "fetching", "completed"]
    assert sandbox.state.counts.submits == 1


def test_what_is_sent_is_fitted_upright_stripped_and_neutral(alice, sandbox):
    try_on = factories.try_on(alice, combo=True, created_at=now())
    until(try_on, Status.PROCESSING, Status.FETCHING, Status.COMPLETED)
    (job,) = sandbox.state.jobs.values()
    for name, longest in (
        ("humanImage", 2048),
        ("clothImage", 1024),
        ("bottomClothImage", 1024),
    ):
        image = image_of(job.pictures[name])
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert max(image.size) <= longest
        assert not image.getexif() and "icc_profile" not in image.info


NUDE = '{"success": false, "error": {"code": "MODERATION", "message": "human: nude"}}'
U, F = Status.UNCONFIRMED, Status.FAILED
SUBMIT_FAULTS = [
    (Fault("cut"), U, ""),
    (Fault("cut_after"), U, ""),
    (Fault("hang", value=3), U, ""),
    (Fault("hang_after", value=3), U, ""),
    (Fault("half"), U, ""),
    (Fault("half_after"), U, ""),
    (Fault("drip", value=3), U, ""),
    (Fault("endless"), U, ""),
    (Fault("body", value={"text": "<html>"}), U, ""),
    (Fault("body", value={"text": ""}), U, ""),
    (Fault("body_after", value={"text": '{"success": true}'}), U, ""),
    (Fault("body", value={"status": 503, "text": "<html>"}), U, ""),
    *[(Fault("status", value=code), U, "") for code in (408, 500, 502, 504)],
    *[(Fault("flat", value=code), U, "") for code in (500, 502)],
    *[(Fault("status", value=c), F, "refused") for c in (400, 404, 409, 413, 415, 422)],
    *[(Fault("flat", value=code), F, "refused") for code in (400, 422)],
    (Fault("body", value={"status": 400, "text": "<html>"}), U, ""),
    (Fault("body_after", value={"status": 502, "text": "<html>"}), U, ""),
    (Fault("body_after", value={"status": 504, "text": ""}), U, ""),
    (Fault("body_after", value={"status": 408, "text": "Request Timeout"}), U, ""),
    (Fault("redirect_after", value="/api/v1/virtual-try-on/1"), U, ""),
    (
        Fault("body", value={"status": 403, "text": NUDE}),
        F,
        "photo_refused",
    ),
    (
        Fault("body", value={"text": '{"success": false, "message": "no person"}'}),
        F,
        "photo_refused",
    ),
    (
        Fault("body", value={"status": 400, "text": '{"error": "clothImage bad"}'}),
        F,
        "garment_refused",
    ),
]


def name_of(value) -> str | None:
    if isinstance(value, Fault):
        return f"{value.on} {value.name} {value.value}"[:60]
    return None


@pytest.mark.parametrize(("fault", "status", "code"), SUBMIT_FAULTS, ids=name_of)
def test_submits_that_go_wrong(alice, sandbox, fault, status, code):
    sandbox.state.faults = [replace(fault, next=1)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.UNCONFIRMED, Status.FAILED)
    assert (try_on.status, try_on.failure_code) == (status, code)
    assert texts.find_advice(try_on).sentence
    assert Key.objects.get().state == "working"
    assert sandbox.state.counts.submits == fault.name.endswith("_after")
    for _ in range(5):  # nothing is sent twice by itself
        work()
    assert sandbox.state.counts.submits == fault.name.endswith("_after")


@pytest.mark.parametrize("form", ["status", "flat"])
@pytest.mark.parametrize("code", [429, 503])
def test_submits_that_certainly_created_nothing_go_again(alice, sandbox, code, form):
    sandbox.state.faults = [Fault(form, next=1, value=code)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.COMPLETED)
    assert sandbox.state.counts.submits == 1


CHALLENGE = "<!DOCTYPE html><title>Just a moment...</title>"
PAGES = [
    *[(code, CHALLENGE) for code in (401, 403, 409)],
    *[(code, "404 page not found") for code in (402, 404, 405)],
    *[(code, "") for code in (422, 425)],
    (403, '{"success": false, "error": {"co'),
    (403, '{"message": "Forbidden"}'),
]


@pytest.mark.parametrize(("code", "text"), PAGES)
def test_pages_before_the_api_mean_wait(alice, sandbox, code, text):
    """A minute of them, for the submit and then for the looks."""
    page = {"status": code, "text": text, "type": "text/html"}
    sandbox.state.faults = [
        Fault("body", next=2, value=page),
        Fault("body", on="poll", next=3, value=page),
    ]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.COMPLETED)
    assert sandbox.state.counts.submits == 1
    assert [fault.next for fault in sandbox.state.faults] == [0, 0]
    assert Key.objects.get().state == "working"
    assert ApiRequest.objects.filter(outcome=Outcome.NOT_ARRIVED).count() == 5


def test_a_page_for_long_does_not_burn_the_requests(alice, sandbox):
    """Looked at ever more rarely; staff read why, and a customer no lie."""
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.PROCESSING)
    page = {"status": 404, "text": "404 page not found", "type": "text/plain"}
    sandbox.state.faults = [Fault("body", on="poll", share=1, value=page)]
    ends = time.monotonic() + 15
    while not (problems := status.find_waits(now())):
        assert time.monotonic() < ends
        work()
        time.sleep(0.02)
    assert "404 page not found" in problems[0]
    assert ApiRequest.objects.filter(kind="poll").count() < 10
    sandbox.state.faults = []
    until(try_on, Status.COMPLETED)


@pytest.mark.parametrize("form", ["status", "flat"])
@pytest.mark.parametrize(
    ("code", "state"),
    [(401, "refused"), (402, "out_of_credits"), (403, "refused")],
)
def test_submits_that_stop_the_key_and_resume_without_loss(
    alice, sandbox, code, state, form
):
    sandbox.state.faults = [Fault(form, next=1, value=code)]
    try_on = factories.try_on(alice, created_at=now())
    work()
    try_on.refresh_from_db()
    key = Key.objects.get()
    assert (try_on.status, key.state) == (Status.QUEUED, state)
    assert work() == []
    budget.start_key(key, now())
    until(try_on, Status.COMPLETED)
    assert sandbox.state.counts.submits == 1


PASSING = [
    *[Fault("status", on="poll", value=c) for c in (400, 404, 408, 429, 500, 502, 503)],
    *[Fault("flat", on="poll", value=code) for code in (404, 429, 500)],
    Fault("cut", on="poll"),
    Fault("half", on="poll"),
    Fault("hang", on="poll", value=3),
    Fault("drip", on="poll", value=3),
    Fault("endless", on="poll"),
    Fault("vanish", on="poll"),
    Fault("redirect", on="poll", value="http://10.0.0.1/"),
    Fault("body", on="poll", value={"text": "[]"}),
    Fault("body", on="poll", value={"text": "<html>"}),
    Fault("body", on="poll", value={"text": ""}),
    Fault("body", on="poll", value={"text": '{"data": {"status": 7}}'}),
    Fault("fields", on="poll", value={"status": "Something"}),
    Fault("fields", on="poll", value={"status": "processing"}),
    Fault("fields", on="poll", value={"status": "COMPLETED", "resultImagePath": None,
                                      "processedUrl": ""}),
    *[Fault("status", on="result", value=code) for code in (403, 404, 500)],
    Fault("body", on="result", value={"text": "<html>late</html>"}),
    Fault("body", on="result", value={"text": "<svg/>", "type": "image/svg+xml"}),
    Fault("body", on="result", value={"text": ""}),
    Fault("picture", on="result", value={"format": "TIFF"}),
    Fault("picture", on="result", value={"format": "PNG", "width": 9, "height": 9}),
    Fault("half", on="result"),
    Fault("cut", on="result"),
    Fault("hang", on="result", value=3),
    Fault("drip", on="result", value=3),
    Fault("endless", on="result"),
]  # fmt: skip


@pytest.mark.parametrize("fault", PASSING, ids=name_of)
def test_looks_and_downloads_that_go_wrong_once_lose_nothing(alice, sandbox, fault):
    sandbox.state.faults = [replace(fault, next=1)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.COMPLETED)
    assert sandbox.state.counts.submits == 1
    assert sandbox.state.faults[0].next == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "completed"},
        {"processingCompletedAt": 1759935012, "createdAt": 1759934992},
        {"processingCompletedAt": 1759935012191, "createdAt": 1759934992000},
        {"processingCompletedAt": None, "createdAt": "soon"},
        {"resultImagePath": None},
        {"mode": None, "errorMessage": {"odd": 1}},
    ],
    ids=str,
)
def test_odd_fields_are_no_trouble(alice, sandbox, fields):
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.PROCESSING)
    (job,) = sandbox.state.jobs.values()
    job.duration = 0.1
    sandbox.state.faults = [Fault("fields", on="poll", share=1, value=fields)]
    until(try_on, Status.COMPLETED)
    assert try_on.duration_seconds is not None


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF"])
def test_results_of_another_format_become_jpeg(alice, sandbox, format):
    sandbox.state.faults = [
        Fault("picture", on="result", next=1, value={"format": format})
    ]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.COMPLETED)
    assert image_of(storage.read(try_on.result.file_name)).format == "JPEG"


def test_a_vanished_job_ends_after_three_looks(alice, sandbox):
    sandbox.state.faults = [Fault("vanish", on="poll", share=1)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.FAILED)
    assert try_on.failure_code == "vanished"
    assert sandbox.state.counts.polls == 3


def test_faults_of_one_job(alice, sandbox):
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.PROCESSING)
    other = factories.try_on(alice, created_at=now())
    sandbox.state.faults = [Fault("vanish", on="poll", share=1, job=try_on.remote_id)]
    until(try_on, Status.FAILED)
    until(other, Status.COMPLETED)


def test_all_at_once_at_twenty_percent(alice, sandbox):
    """Mixed faults: every job ends final or unconfirmed, none is submitted twice."""
    photo, pieces = factories.photo(alice), factories.garments(12)
    sandbox.state.faults = [
        Fault("cut_after", share=0.1),
        Fault("status", share=0.1, value=503),
        Fault("status", on="poll", share=0.1, value=500),
        Fault("cut", on="poll", share=0.1),
        Fault("status", on="result", share=0.1, value=404),
        Fault("half", on="result", share=0.1),
    ]
    jobs = [
        factories.try_on(alice, photo=photo, garment=piece, created_at=now())
        for piece in pieces
    ]
    ends = time.monotonic() + 60
    resting = (Status.COMPLETED, Status.FAILED, Status.UNCONFIRMED)
    while TryOn.objects.exclude(status__in=resting).exists():
        assert time.monotonic() < ends, TryOn.objects.values_list("status")
        work()
        time.sleep(0.02)
    told = sandbox.state.stats()
    assert told["most_submits_of_one_picture"] == 1
    lost = TryOn.objects.filter(status=Status.UNCONFIRMED).count()
    assert told["submits"] == len(jobs)
    assert TryOn.objects.filter(status=Status.COMPLETED).count() == len(jobs) - lost


@pytest.mark.parametrize("word", ["SUCCEEDED", "done", "Finished"])
def test_another_word_for_the_end(alice, sandbox, word, caplog):
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.PROCESSING)
    (job,) = sandbox.state.jobs.values()
    job.duration = 0.1
    fields = {"status": word}
    sandbox.state.faults = [Fault("fields", on="poll", share=1, value=fields)]
    until(try_on, Status.COMPLETED)
    assert any(word in event.note for event in try_on.events.all())
    assert word in caplog.text


@pytest.mark.parametrize("word", ["ERROR", "cancelled", "REJECTED", "Expired"])
def test_other_words_for_a_bad_end(alice, sandbox, word):
    fields = {"status": word, "errorMessage": "Bad luck"}
    sandbox.state.faults = [Fault("fields", on="poll", share=1, value=fields)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.FAILED)
    assert (try_on.failure_code, try_on.failure_detail) == ("not_made", "Bad luck")


def test_an_address_that_has_run_out_is_told_afresh(alice, sandbox):
    """Nobody could fetch in time, say over a weekend: a look, and it is there."""
    sandbox.state.options.address_seconds = 60
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.FETCHING)
    TryOn.objects.filter(pk=try_on.pk).update(
        result_url=try_on.result_url.partition("?")[0] + "?until=1",
        raw_answer=None,
    )
    until(try_on, Status.COMPLETED)
    story = [event.to_status for event in try_on.events.all()]
    assert story[2:] == ["fetching", "processing", "fetching", "completed"]
    assert sandbox.state.counts.submits == 1


@pytest.mark.parametrize("first", ["/uploads/gone.jpg", "http://10.1.2.3/r.jpg"])
def test_if_one_address_fails_the_next_is_tried(alice, sandbox, first):
    fields = {"resultImagePath": first}
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.PROCESSING)
    (job,) = sandbox.state.jobs.values()
    job.duration = 0.1
    sandbox.state.faults = [Fault("fields", on="poll", share=1, value=fields)]
    until(try_on, Status.COMPLETED)
    story = [event.to_status for event in try_on.events.all()]
    assert story == ["submitting", "processing", "fetching", "completed"]


def test_a_picture_that_is_at_no_fresh_address_is_given_up(alice, sandbox, settings):
    settings.MIRAGIC_TIME_SCALE = SPEED * 20  # 20 minutes of asking again
    sandbox.state.faults = [Fault("status", on="result", share=1, value=404)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.FAILED)
    assert try_on.failure_code == "result_unavailable"
    done = ApiRequest.objects.filter(outcome=Outcome.COMPLETED).count()
    assert done == outcomes.VAIN


@pytest.mark.parametrize("outage", ["network", "storage"])
def test_an_outage_ends_no_paid_picture(alice, sandbox, settings, outage):
    """However many attempts it takes along."""
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.FETCHING)
    if outage == "network":
        TryOn.objects.update(result_url="http://127.0.0.1:1/r.jpg", raw_answer=None)
        settings.MIRAGIC_BASE_URL = "http://127.0.0.1:1"
    else:
        sandbox.state.faults = [Fault("status", on="result", share=1, value=503)]
    for _ in range(2 * outcomes.VAIN):
        TryOn.objects.update(next_attempt_at=None)
        assert work() == ["fetch"]
    try_on.refresh_from_db()
    assert (try_on.status, try_on.attempts) == (Status.FETCHING, 0)
    settings.MIRAGIC_BASE_URL = sandbox.url
    sandbox.state.faults = []
    (job,) = sandbox.state.jobs.values()
    TryOn.objects.update(
        next_attempt_at=None,
        result_url=f"{sandbox.url}/uploads/virtualtryon/processed/{job.id}.jpg",
    )
    until(try_on, Status.COMPLETED)


def test_a_redirect_to_a_private_address_ends_it(alice, sandbox):
    to = "http://10.1.2.3/secret.jpg"
    sandbox.state.faults = [Fault("redirect", on="result", next=9, value=to)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.FAILED)
    assert try_on.failure_code == "result_unavailable"


def test_busy_decoders_are_no_attempt_of_the_apis(alice, sandbox, monkeypatch):
    """A paid picture is not given up because we were in a hurry."""
    monkeypatch.setattr(normalise, "LONGEST_WAIT", 0.01)
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.FETCHING)
    with normalise.decoder(), normalise.decoder():
        tried = 0
        while tried <= outcomes.VAIN:
            tried += work().count("fetch")
    try_on.refresh_from_db()
    assert (try_on.status, try_on.attempts) == (Status.FETCHING, 0)
    until(try_on, Status.COMPLETED)


@pytest.mark.parametrize("policy", ["off", "flagged"])
def test_an_odd_picture_is_never_shown_before_it_was_compared(
    alice, sandbox, client, settings, policy
):
    settings.TRYON_REVIEW = policy
    odd = {"format": "JPEG", "width": 900, "height": 400}  # of another shape
    sandbox.state.faults = [Fault("picture", on="result", next=1, value=odd)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.COMPLETED)
    client.force_login(alice)
    shown = client.get(try_on.result.url).status_code
    assert shown == (200 if policy == "off" else 404)
    assert (try_on.result.checks is None) == (policy == "off")
    services.make_renditions(row=try_on.result, now=NOW)
    try_on.result.refresh_from_db()
    assert "shape" in try_on.result.checks


def test_what_was_not_compared_is_held(alice, settings, client):
    done = factories.try_on(alice, Status.COMPLETED)
    client.force_login(alice)
    settings.TRYON_REVIEW = "flagged"
    assert client.get(done.result.url).status_code == 404
    settings.TRYON_REVIEW = "off"
    assert client.get(done.result.url).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_slow_download_keeps_its_lease(alice, sandbox):
    sandbox.state.faults = [Fault("hang_after", on="result", next=1, value=1.5)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.FETCHING)
    (order,) = planner.tick(Clock(now))

    def work_alone() -> None:
        runner.fetch(str(order.row), str(order.token))
        connection.close()

    fetch = threading.Thread(target=work_alone)
    fetch.start()
    again = 0
    while fetch.is_alive():
        again += len(planner.tick(Clock(now)))
        fetch.join(timeout=0.05)
    assert again == 0
    try_on.refresh_from_db()
    assert (try_on.status, try_on.attempts) in [
        (Status.COMPLETED, 0),
        (Status.FETCHING, 0),  # what came was cut: nothing said of its address
    ]


def test_a_message_that_comes_twice_posts_once(alice, sandbox):
    factories.try_on(alice, created_at=now())
    (order,) = planner.tick(Clock(now))
    assert runner.submit(order.row, str(order.token))
    assert not runner.submit(order.row, str(order.token))
    assert sandbox.state.counts.submits == 1


def test_a_wrong_token_does_nothing(alice, sandbox):
    factories.try_on(alice, created_at=now())
    (order,) = planner.tick(Clock(now))
    assert not runner.submit(order.row, str(uuid.uuid4()))
    assert runner.fetch(str(uuid.uuid4()), str(uuid.uuid4())) is None
    assert sandbox.state.counts.submits == 0


def test_our_own_file_is_gone(alice, sandbox):
    try_on = factories.try_on(alice, created_at=now())
    storage.delete([try_on.photo.file_name])
    work()
    try_on.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, "pictures_gone")
    assert ApiRequest.objects.get().outcome == Outcome.VOID
    assert sandbox.state.counts.submits == 0


def test_deleted_meanwhile(alice, sandbox):
    try_on = factories.try_on(alice, created_at=now())
    (order,) = planner.tick(Clock(now))
    services.delete_try_on(try_on=try_on, now=NOW, by=alice)
    assert not runner.submit(order.row, str(order.token))
    assert sandbox.state.counts.submits == 0


def test_a_key_taken_out_of_the_settings_sends_nothing(alice, sandbox, settings):
    factories.try_on(alice, created_at=now())
    (order,) = planner.tick(Clock(now))
    settings.MIRAGIC_API_KEYS = ["sk_live_" + "n" * 43]
    assert not runner.submit(order.row, str(order.token))


def test_the_key_is_nowhere_in_the_database(alice, sandbox):
    from django.apps import apps

    sandbox.state.faults = [
        Fault(
            "body",
            next=1,
            value={"status": 401, "text": f'{{"success": false, "message": "{KEY}"}}'},
        )
    ]
    factories.try_on(alice, created_at=now())
    work()
    seen = 0
    for model in apps.get_app_config("tryon").get_models():
        for row in model.objects.values():
            seen += 1
            assert KEY not in str(row)
    assert seen > 4


def test_an_answer_waits_for_the_database(monkeypatch):
    monkeypatch.setattr(runner.time, "sleep", lambda seconds: None)
    calls = []

    def store() -> None:
        calls.append(1)
        if len(calls) < 3:
            raise OperationalError("away")

    runner.insist(store)
    assert len(calls) == 3
    with pytest.raises(OperationalError):
        runner.insist(lambda: (_ for _ in ()).throw(OperationalError()), seconds=0)
