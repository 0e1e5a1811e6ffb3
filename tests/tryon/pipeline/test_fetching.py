"""What becomes of a picture on its way home. It is paid for: what may end it?"""

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import NOW
from tryon import services
from tryon.models import ApiRequest, Result, Status
from tryon.pictures import normalise
from tryon.pipeline import fetching, outcomes, planner, sweep

KEY = "sk_live_" + "f" * 43
LATER = NOW + timedelta(seconds=41)
BASE = "https://api.example"


@pytest.fixture(autouse=True)
def key(db, settings):
    settings.MIRAGIC_API_KEYS = [KEY]
    return factories.key(KEY)


@pytest.fixture
def try_on(alice):
    try_on = factories.try_on(
        alice,
        Status.FETCHING,
        result_url="http://x/r.jpg",
        raw_answer={"data": {"resultImagePath": "http://x/r.jpg", "mode": "SINGLE"}},
    )
    planner.claim_fetches(NOW)
    try_on.refresh_from_db()
    return try_on


def test_fetched(try_on, media_files):
    picture = normalise.read_result(factories.picture_bytes())
    result = fetching.fetched(try_on, picture, LATER)
    try_on.refresh_from_db()
    assert try_on.status == Status.COMPLETED
    assert result.file_name in media_files()
    assert try_on.result_url == ""
    assert try_on.raw_answer == {"data": {"mode": "SINGLE"}}


def test_a_picture_nobody_wants_any_more_leaves_no_file(
    try_on, alice, media_files, django_capture_on_commit_callbacks
):
    before = media_files()
    services.delete_try_on(try_on=try_on, now=NOW, by=alice)
    picture = normalise.read_result(factories.picture_bytes())
    with django_capture_on_commit_callbacks(execute=True):
        assert fetching.fetched(try_on, picture, LATER) is None
    assert media_files() == before
    assert not Result.objects.exists()


def test_a_second_fetch_of_the_same_is_dropped(try_on):
    picture = normalise.read_result(factories.picture_bytes())
    assert fetching.fetched(try_on, picture, LATER)
    assert fetching.fetched(try_on, picture, LATER) is None
    assert Result.objects.count() == 1


def test_whoever_has_the_picture_keeps_it_though_the_lease_ran_out(try_on):
    sweep.sweep(NOW + timedelta(seconds=20))
    planner.claim_fetches(NOW + timedelta(seconds=20))
    picture = normalise.read_result(factories.picture_bytes())
    assert fetching.fetched(try_on, picture, LATER)


def told_done(try_on, key, times: int) -> None:
    """So often the API called it done."""
    for _ in range(times):
        ApiRequest.objects.create(
            key=key,
            try_on=try_on,
            kind="poll",
            token=try_on.token,
            planned_at=NOW,
            sent_at=NOW,
            answered_at=NOW,
            outcome="completed",
        )


def test_every_address_that_was_told_is_one(alice):
    told = {
        "resultImagePath": "/1.jpg",
        "processedUrl": "https://cdn.example/2.jpg",
        "download_signed_url": "https://cdn.example/3.jpg?s=1",
        "humanImagePath": "https://api.example/uploads/human.jpg",
    }
    row = {"result_url": f"{BASE}/1.jpg", "raw_answer": {"data": told}}
    try_on = factories.try_on(alice, Status.FETCHING, **row)
    assert fetching.addresses(try_on, BASE) == [
        f"{BASE}/1.jpg",
        "https://cdn.example/2.jpg",
        "https://cdn.example/3.jpg?s=1",
    ]
    try_on.raw_answer = None
    assert fetching.addresses(try_on, BASE) == [f"{BASE}/1.jpg"]


def test_an_address_that_has_run_out_is_looked_for_again(try_on, key):
    told_done(try_on, key, 1)
    fetching.address_failed(try_on, "403 for the picture", LATER)
    try_on.refresh_from_db()
    assert (try_on.status, try_on.claim) == (Status.PROCESSING, None)
    assert try_on.next_attempt_at == LATER + timedelta(seconds=5)
    assert try_on.events.last().note == "403 for the picture"


@pytest.mark.parametrize(
    ("final", "times", "status"),
    [
        (False, outcomes.VAIN - 1, Status.PROCESSING),
        (False, outcomes.VAIN, Status.FAILED),
        (True, 1, Status.PROCESSING),  # another may be told
        (True, 2, Status.FAILED),
    ],
)
def test_given_up_only_after_fresh_looks(try_on, key, final, times, status):
    told_done(try_on, key, times)
    fetching.address_failed(try_on, "404 for the picture", LATER, final=final)
    try_on.refresh_from_db()
    assert try_on.status == status
    if status == Status.FAILED:
        assert try_on.failure_code == "result_unavailable"
        assert not try_on.counts_against_limit


def test_an_outage_is_no_attempt_however_long(try_on, key):
    """Ever rarer, at most each five minutes; after a day a look asks where it is."""
    told_done(try_on, key, 1)
    type(try_on).objects.update(answered_at=NOW)
    waits = []
    for minutes in (0.1, 2, 10, 60, 24 * 60):
        at = NOW + timedelta(minutes=minutes)
        planner.claim_fetches(at)
        try_on.refresh_from_db()
        assert try_on.begin_attempt(at + timedelta(seconds=10))
        fetching.out_of_reach(try_on, "no route", at)
        try_on.refresh_from_db()
        assert (try_on.status, try_on.attempts) == (Status.FETCHING, 0)
        waits.append((try_on.next_attempt_at - at).total_seconds())
    assert waits == [5, 30, 150, 300, 300]
    fetching.out_of_reach(try_on, "no route", NOW + timedelta(hours=25))
    try_on.refresh_from_db()
    assert try_on.status == Status.PROCESSING


def test_another_workers_fetch_is_left_alone(try_on, key):
    told_done(try_on, key, outcomes.VAIN)
    sweep.sweep(NOW + timedelta(seconds=20))
    planner.claim_fetches(NOW + timedelta(seconds=20))
    fetching.address_failed(try_on, "404", LATER)
    try_on.refresh_from_db()
    assert try_on.status == Status.FETCHING
