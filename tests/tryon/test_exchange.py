"""The workers' part against the sandbox over real HTTP, step by step."""

import time
import uuid
from datetime import UTC, datetime

import pytest

from tests import factories
from tests.conftest import image_of
from tests.factories import NOW
from tryon import exchange, media, services
from tryon.models import ApiRequest, Status
from tryon.models.ledger import Outcome
from tryon.sandbox.jobs import Fault
from tryon.scheduling import scheduler

KEY = "sk_live_" + "e" * 43


@pytest.fixture(autouse=True)
def house(db, settings, sandbox):
    settings.MIRAGIC_API_KEYS = [KEY]
    settings.MIRAGIC_BASE_URL = sandbox.url
    settings.MIRAGIC_TIME_SCALE = 20
    scheduler.clock.last = None
    factories.key(KEY)
    return sandbox


def now() -> datetime:
    return datetime.now(UTC)


def work() -> list[str]:
    """One pass of the dispatcher, its orders carried out here and now."""
    done = []
    for order in scheduler.tick(now()):
        if order.task == "submit":
            exchange.submit(order.row, str(order.token))
        elif order.task == "poll":
            exchange.look(order.row, str(order.token))
        else:
            exchange.fetch(str(order.row), str(order.token))
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
    assert image_of(media.read(try_on.result.file_name)).size == (400, 500)
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


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault("cut", next=1), Status.UNCONFIRMED),
        (Fault("cut_after", next=1), Status.UNCONFIRMED),
        (Fault("hang", next=1, value=5), Status.UNCONFIRMED),
        (Fault("status", next=1, value=500), Status.UNCONFIRMED),
        (Fault("status", next=1, value=400), Status.FAILED),
        (Fault("status", next=1, value=422), Status.FAILED),
        (Fault("body", next=1, value={"text": "<html>"}), Status.UNCONFIRMED),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_submits_that_go_wrong(alice, sandbox, fault, status):
    sandbox.state.faults = [fault]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.UNCONFIRMED, Status.FAILED)
    assert try_on.status == status
    assert sandbox.state.counts.submits == (fault.name == "cut_after")


@pytest.mark.parametrize("code", [429, 503])
def test_submits_that_certainly_created_nothing_go_again(alice, sandbox, code):
    sandbox.state.faults = [Fault("status", next=1, value=code)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.COMPLETED)
    assert sandbox.state.counts.submits == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut", on="look", next=2),
        Fault("status", on="look", next=2, value=500),
        Fault("status", on="look", next=2, value=404),
        Fault("body", on="look", next=2, value={"text": '{"success": tr'}),
        Fault("fields", on="look", next=1, value={"status": "Something"}),
        Fault("status", on="result", next=2, value=404),
        Fault("body", on="result", next=1, value={"text": "<html>late</html>"}),
        Fault("body", on="result", next=1, value={"text": ""}),
        Fault("cut", on="result", next=1),
    ],
    ids=lambda fault: f"{fault.on} {fault.name}",
)
def test_looks_and_downloads_that_go_wrong_lose_nothing(alice, sandbox, fault):
    sandbox.state.faults = [fault]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.COMPLETED)
    assert sandbox.state.counts.submits == 1


def test_a_redirect_to_a_private_address_ends_it(alice, sandbox):
    to = "http://10.1.2.3/secret.jpg"
    sandbox.state.faults = [Fault("redirect", on="result", next=9, value=to)]
    try_on = factories.try_on(alice, created_at=now())
    until(try_on, Status.FAILED)
    assert try_on.failure_code == "result_unavailable"


def test_a_message_that_comes_twice_posts_once(alice, sandbox):
    factories.try_on(alice, created_at=now())
    (order,) = scheduler.tick(now())
    assert exchange.submit(order.row, str(order.token))
    assert not exchange.submit(order.row, str(order.token))
    assert sandbox.state.counts.submits == 1


def test_a_wrong_token_does_nothing(alice, sandbox):
    factories.try_on(alice, created_at=now())
    (order,) = scheduler.tick(now())
    assert not exchange.submit(order.row, str(uuid.uuid4()))
    assert exchange.fetch(str(uuid.uuid4()), str(uuid.uuid4())) is None
    assert sandbox.state.counts.submits == 0


def test_our_own_file_is_gone(alice, sandbox):
    try_on = factories.try_on(alice, created_at=now())
    media.delete([try_on.photo.file_name])
    work()
    try_on.refresh_from_db()
    assert (try_on.status, try_on.failure_code) == (Status.FAILED, "pictures_gone")
    assert ApiRequest.objects.get().outcome == Outcome.VOID
    assert sandbox.state.counts.submits == 0


def test_deleted_meanwhile(alice, sandbox):
    try_on = factories.try_on(alice, created_at=now())
    (order,) = scheduler.tick(now())
    services.delete_try_on(try_on=try_on, now=NOW, by=alice)
    assert not exchange.submit(order.row, str(order.token))
    assert sandbox.state.counts.submits == 0


def test_a_key_taken_out_of_the_settings_sends_nothing(alice, sandbox, settings):
    factories.try_on(alice, created_at=now())
    (order,) = scheduler.tick(now())
    settings.MIRAGIC_API_KEYS = ["sk_live_" + "n" * 43]
    assert not exchange.submit(order.row, str(order.token))


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
