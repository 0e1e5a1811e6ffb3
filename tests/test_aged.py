"""The aged shop can be filled and measured: a small share of it, on the parts at hand.

How long things take there is for ``python -m tests.bench.aged`` to say.
"""

import os
import subprocess
import sys

import pytest
from django.db import connection
from django.db.models import Count, F
from django.utils import timezone

from tests.bench import past
from tryon.models import ApiRequest, Garment, Photo, Result, TryOn, User
from tryon.monitoring import statistics
from vto_site.env import BASE_DIR

SIZE = past.AGED.times(0.001)


@pytest.mark.django_db(transaction=True)
def test_both_shops_have_the_same_last_days():
    now = timezone.now()
    past.fill(SIZE, now)
    assert TryOn.objects.count() == SIZE.try_ons == 500
    assert ApiRequest.objects.count() == 4 * SIZE.try_ons
    assert (Photo.objects.count(), Garment.objects.count()) == (100, 20)
    assert User.objects.guests().count() == 50
    assert not User.objects.expired_guests(now).exists()
    assert Result.objects.count() == TryOn.objects.filter(status="completed").count()
    connection.check_constraints()
    told = statistics.overview(now, past.DAYS)
    assert told["tries"] in range(SIZE.recent - 5, SIZE.recent + 1)
    assert told["requests"] in range(told["tries"] * 4 - 4, told["tries"] * 4 + 5)
    busiest = TryOn.objects.values("owner").annotate(n=Count("pk")).order_by("-n")
    assert busiest[0]["n"] <= 100
    assert not TryOn.objects.exclude(photo__owner=F("owner")).exists()


def test_it_measures_everything():
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.aged", "--share=0.001", "--rounds=1"],
        cwd=BASE_DIR,
        env={**os.environ, "ENV_FILE": ""},
        capture_output=True,
        text=True,
        timeout=300,
    )
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines()]
    for what in (
        "compose",
        "admin: apirequest",
        "admin: insight",
        "admin: review",
        "tend",
    ):
        assert what in rows, done.stderr
    assert "tick, 10,000 queued" in rows
