"""The state machine and what the database itself forbids."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import translation
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests import factories
from tests.factories import NOW
from tryon.models import InvalidMove, StaleMove, Status, TryOn
from tryon.models.states import FINAL, TRANSITIONS

NEEDED = {
    Status.PROCESSING: {"remote_id": "r", "submitted_at": NOW},
    Status.FAILED: {"failure_code": "not_made"},
}


def move(try_on: TryOn, to: str) -> None:
    try_on.move(to, now=NOW, **NEEDED.get(Status(to), {}))


@pytest.mark.parametrize(("source", "target"), [(a, b) for a in Status for b in Status])
def test_every_pair_of_states(alice, source, target):
    try_on = factories.try_on(alice, source)
    before = try_on.events.count()
    if target in TRANSITIONS[source]:
        move(try_on, target)
        try_on.refresh_from_db()
        assert try_on.status == target
        assert (try_on.finished_at is not None) == (target in FINAL)
        event = try_on.events.last()
        assert (event.from_status, event.to_status) == (source, target)
        assert try_on.events.count() == before + 1
    else:
        with pytest.raises(InvalidMove):
            move(try_on, target)
        try_on.refresh_from_db()
        assert try_on.status == source
        assert try_on.events.count() == before


def test_every_state_can_be_left_or_is_final():
    assert set(TRANSITIONS) == set(Status)
    for status, targets in TRANSITIONS.items():
        assert bool(targets) != (status in FINAL)


def test_a_stale_move_changes_nothing(alice):
    try_on = factories.try_on(alice)
    other = TryOn.objects.get(pk=try_on.pk)
    other.move(Status.CANCELED, now=NOW)
    with pytest.raises(StaleMove):
        try_on.move(Status.SUBMITTING, now=NOW)
    assert TryOn.objects.get(pk=try_on.pk).status == Status.CANCELED
    assert try_on.events.count() == 1


def test_only_if_narrows_the_row(alice):
    try_on = factories.try_on(alice, deleted_at=NOW)
    with pytest.raises(StaleMove):
        try_on.move(Status.SUBMITTING, now=NOW, only_if=Q(deleted_at=None))


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_exactly_one_wins(alice):
    try_on = factories.try_on(alice)
    won = []

    def attempt(mine: TryOn) -> None:
        try:
            mine.move(Status.SUBMITTING, now=NOW)
            won.append(mine)
        except StaleMove:
            pass
        finally:
            connection.close()

    copies = [TryOn.objects.get(pk=try_on.pk) for _ in range(20)]
    threads = [threading.Thread(target=attempt, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert try_on.events.count() == 1


@pytest.mark.django_db
@hypothesis_settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(list(Status)), max_size=8))
def test_any_walk_keeps_the_story_whole(steps):
    """Whatever is asked for, the events are a path from queued to the state it has."""
    from tryon.models import User

    with transaction.atomic():
        email = f"{uuid.uuid4().hex}@example.org"
        try_on = factories.try_on(User.objects.create_user(email))
        for step in steps:
            try:
                move(try_on, step)
            except InvalidMove:
                continue
        at = Status.QUEUED
        for event in try_on.events.all():
            assert event.from_status == at
            at = event.to_status
        assert TryOn.objects.get(pk=try_on.pk).status == at


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (Status.QUEUED, {"finished_at": NOW}),
        (Status.COMPLETED, {"finished_at": None}),
        (Status.PROCESSING, {"remote_id": ""}),
        (Status.FETCHING, {"submitted_at": None}),
        (Status.FAILED, {"failure_code": ""}),
        (Status.QUEUED, {"failure_code": "not_made"}),
        (Status.QUEUED, {"claim": uuid.uuid4()}),
        (Status.QUEUED, {"lease_until": NOW}),
        (Status.QUEUED, {"photo": None}),
        (Status.QUEUED, {"garment": None}),
        (Status.QUEUED, {"garment_kind": ""}),
        (Status.QUEUED, {"garment_kind": "hat"}),
        (Status.QUEUED, {"mode": "combo", "garment_kind": ""}),
    ],
)
def test_the_database_forbids(alice, status, changes):
    try_on = factories.try_on(alice, status)
    with pytest.raises(IntegrityError), transaction.atomic():
        TryOn.objects.filter(pk=try_on.pk).update(**changes)


def test_a_single_has_no_bottom_and_an_open_combo_has_one(alice):
    single = factories.try_on(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        TryOn.objects.filter(pk=single.pk).update(
            bottom_garment=factories.garment("lower_body")
        )
    combo = factories.try_on(alice, combo=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        TryOn.objects.filter(pk=combo.pk).update(bottom_garment=None)


def test_a_token_is_good_for_one_job_of_its_owner(alice, bob):
    token = uuid.uuid4()
    factories.try_on(alice, token=token)
    factories.try_on(bob, token=token)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.try_on(alice, token=token)


def test_no_picture_no_try_spent(alice):
    for status in (Status.FAILED, Status.CANCELED):
        source = Status.PROCESSING if status == Status.FAILED else Status.QUEUED
        try_on = factories.try_on(alice, source)
        move(try_on, status)
        try_on.refresh_from_db()
        assert not try_on.counts_against_limit


def test_label(alice):
    top = factories.garment(name="Wool blazer", sku="L-1")
    try_on = factories.try_on(alice, combo=True, garment=top)
    try_on.bottom_garment.name = "Wide trousers"
    assert try_on.label == "Wool blazer and Wide trousers"
    try_on.garment.name, try_on.bottom_garment.name = "Leinenhemd", "Levi's 501"
    assert try_on.label == "Leinenhemd and Levi's 501"
    try_on.bottom_garment.name = "iD trousers"
    assert try_on.label == "Leinenhemd and iD trousers"
    with translation.override("de"):
        assert try_on.label == "Leinenhemd und iD trousers"
    try_on.garment = try_on.bottom_garment = None
    assert try_on.label == "Picture"


def test_put_off_gives_the_claim_back(alice):
    claim = uuid.uuid4()
    later = NOW + timedelta(minutes=1)
    try_on = factories.try_on(alice, Status.PROCESSING, claim=claim, lease_until=later)
    try_on.put_off(30, NOW)
    try_on.refresh_from_db()
    assert (try_on.claim, try_on.attempts) == (None, 1)
    assert try_on.next_attempt_at == NOW + timedelta(seconds=30)
    assert not TryOn.objects.due(NOW).exists()
    assert TryOn.objects.due(later).exists()
