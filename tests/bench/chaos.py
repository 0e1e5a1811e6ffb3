"""500 jobs while one of worker, beat and web, at random, is killed every 2-5 s.

``python -m tests.bench.chaos [jobs]``, on other parts with CHAOS_DATABASE_URL and
CHAOS_BROKER_URL, with several workers by CHAOS_WORKERS. Every job must end final or
unconfirmed, the sandbox must have seen no picture twice, and unconfirmed only where an
answer was lost.
"""

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.measure import KEYS
from tests.live import LiveSite

SPEED = 10


def main() -> int:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = random.Random(5)
    env = {
        "MIRAGIC_API_KEYS": ",".join(KEYS[:4]),
        "TRYON_DAILY_LIMIT": "100000",
        "DATABASE_URL": os.environ.get("CHAOS_DATABASE_URL", ""),
        "CELERY_BROKER_URL": os.environ.get("CHAOS_BROKER_URL", ""),
    }
    site = LiveSite(Path(tempfile.mkdtemp(prefix="chaos-")), SPEED, **env)
    try:
        site.prepare()
        site.start_sandbox(plain=True, seed=3)
        os.environ.update(site.env)
        import django

        django.setup()
        from tests.bench import jobs
        from tryon.models import ApiRequest, Status, TryOn
        from tryon.models.ledger import Outcome

        jobs.prepare_distinct(wanted)
        names = ["worker", "beat", "web"]
        for n in range(2, int(os.environ.get("CHAOS_WORKERS", "1")) + 1):
            site.commands[f"worker-{n}"] = site.commands["worker"]
            names.append(f"worker-{n}")
        site.start(*names)
        killed = dict.fromkeys(names, 0)
        ends = time.monotonic() + 600
        resting = (Status.COMPLETED, Status.FAILED, Status.CANCELED, Status.UNCONFIRMED)
        while TryOn.objects.exclude(status__in=resting).exists():
            if time.monotonic() > ends:
                break
            time.sleep(rng.uniform(2, 5))
            name = rng.choice(list(killed))
            site.kill(name)
            site.start(name)
            killed[name] += 1
        told = site.sandbox() or {}
        unconfirmed = TryOn.objects.filter(status=Status.UNCONFIRMED).count()
        submits = ApiRequest.objects.filter(kind="submit")
        lost = submits.filter(outcome__in=(Outcome.LOST, Outcome.UNCLEAR)).count()
        figures = {
            "jobs": wanted,
            "killed": killed,
            "completed": TryOn.objects.filter(status=Status.COMPLETED).count(),
            "failed": TryOn.objects.filter(status=Status.FAILED).count(),
            "unconfirmed": unconfirmed,
            "submits_lost_or_unclear": lost,
            "not_at_rest": TryOn.objects.exclude(status__in=resting).count(),
            "sandbox_submits": told["submits"],
            "most_submits_of_one_picture": told["most_submits_of_one_picture"],
            "refused_429": told["refused_429"],
            "most_in_window": told["most_in_window"],
        }
        print(json.dumps(figures))
    finally:
        site.kill_all()
    sound = (
        figures["not_at_rest"] == 0
        and figures["most_submits_of_one_picture"] == 1
        and figures["unconfirmed"] == figures["submits_lost_or_unclear"]
        and figures["refused_429"] == 0
    )
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
