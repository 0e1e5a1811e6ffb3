import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError
from django.utils import timezone

from tests import factories
from tryon.models import Planner, Status
from tryon.pipeline import budget

KEY = "sk_live_" + "t" * 43


@pytest.fixture(autouse=True)
def house(db, settings):
    settings.MIRAGIC_API_KEYS = [KEY]
    Planner.objects.create(pk=1, last_tick_at=timezone.now())
    return factories.key(KEY)


def report(capsys) -> tuple[dict, int]:
    code = 0
    try:
        call_command("status", json=True)
    except SystemExit as exit:
        code = exit.code
    return json.loads(capsys.readouterr().out), code


def test_all_is_well(capsys, alice, house):
    factories.try_on(alice, created_at=timezone.now())
    told, code = report(capsys)
    assert (told["ok"], told["problems"], code) == (True, [], 0)
    assert set(told["states"]) == set(Status.values)
    assert told["states"]["queued"] == 1
    assert told["keys"] == [
        {"fingerprint": house.fingerprint, "state": "working", "room": 60}
    ]
    assert 0 <= told["oldest_queued_seconds"] < 5
    assert told["last_tick_seconds"] < 5


def test_what_is_wrong_is_said_in_words(capsys, alice, house):
    Planner.objects.update(last_tick_at=timezone.now() - timedelta(minutes=5))
    budget.stop_key(house, "refused", "401 INVALID_API_KEY")
    factories.try_on(alice, Status.UNCONFIRMED)
    factories.try_on(alice, created_at=timezone.now() - timedelta(hours=1))
    told, code = report(capsys)
    assert (told["ok"], code) == (False, 1)
    words = " ".join(told["problems"])
    for part in ("No scheduler tick", "is refused", "unconfirmed", "waited"):
        assert part in words


def test_for_people(capsys):
    call_command("status")
    assert "All is well." in capsys.readouterr().out


def test_never_a_tick(capsys):
    Planner.objects.all().delete()
    told, code = report(capsys)
    assert (told["last_tick_seconds"], code) == (None, 1)


def test_without_a_database_there_is_still_a_report(capsys, monkeypatch):
    def away(now):
        raise DatabaseError("gone")

    monkeypatch.setattr("tryon.monitoring.status.report", away)
    told, code = report(capsys)
    assert (told["ok"], code) == (False, 1)
    assert "does not answer" in told["problems"][0]
