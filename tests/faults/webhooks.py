"""Webhooks while the receiver is down, refuses and hangs, and the worker is killed.

``python -m tests.faults.webhooks [outcomes]``: how long each takes to a sound receiver,
then all the faults. Ends with 1 if one was not told, or out of order, or too late.
"""

import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.bench.measure import quantile
from tests.live import LiveSite, live_site
from tests.receiver import Receiver, listening

# Two outcomes of each try-on, one after the other, and one that is rolled back.
OUTCOMES = """
import time
from django.db import transaction
from django.utils import timezone
from tests import factories
from tryon.models import TryOn
from tryon.services import customers
owner = customers.get_or_create_customer("c-1")
photo, garment = factories.photo(owner), factories.garment()
for n in range({count}):
    with transaction.atomic():
        row = TryOn.objects.create(
            owner=owner, photo=photo, garment=garment, garment_kind="upper_body",
            mode="single", created_at=timezone.now(), status="submitting",
        )
        row.move("unconfirmed", now=timezone.now())
    with transaction.atomic():
        TryOn.objects.get(pk=row.pk).move("canceled", now=timezone.now())
        transaction.set_rollback(True)
    time.sleep({pause})
    row.move("canceled", now=timezone.now())
"""
ENDPOINT = """
from django.utils import timezone
from tryon.services import webhooks
made = webhooks.create_endpoint(
    url="{url}", now=timezone.now(),
    events=["try_on.unconfirmed", "try_on.canceled"],
)
print(made.secret)
"""
PAIR = ["try_on.unconfirmed", "try_on.canceled"]


def prepare(site: LiveSite, receiver: Receiver) -> None:
    site.start_sandbox(plain=True)
    made = site.manage("shell", "-v", "0", "-c", ENDPOINT.format(url=receiver.url))
    receiver.secret = made.stdout.strip()
    site.start("worker", "beat")


def measure(folder: Path, outcomes: int = 200) -> dict[str, Any]:
    """Seconds from the move to the delivery, at the speed of a shop."""
    with listening() as receiver, live_site(folder) as site:
        prepare(site, receiver)
        code = OUTCOMES.format(count=outcomes // 2, pause=0.1)
        site.manage("shell", "-v", "0", "-c", code)
        site.until(lambda: len(receiver.came) >= outcomes)
    late = sorted(delivery.seconds for delivery in receiver.came)
    return {"p50": quantile(late, 0.5), "p95": quantile(late, 0.95)}


def torment(
    folder: Path, outcomes: int, down: float, well_after: float, speed: float = 20
) -> dict[str, Any]:
    """Seconds are of the wall; the waits between attempts are divided by `speed`."""
    rng, began = random.Random(7), time.monotonic()

    def answer(_n: int) -> int | None:
        age = time.monotonic() - began
        if age > well_after:
            return 204
        if age < down:
            return 503
        chance = rng.random()
        return None if chance < 0.05 else 500 if chance < 0.35 else 204

    with listening(answer=answer) as receiver, live_site(folder, speed=speed) as site:
        prepare(site, receiver)
        code = OUTCOMES.format(count=outcomes // 2, pause=0.01)
        site.manage("shell", "-v", "0", "-c", code)
        kills = 0
        while len({d.id for d in receiver.came}) < outcomes:
            if kills < 5 or time.monotonic() - began < well_after:
                site.kill("worker")
                site.start("worker")
                kills += 1
            time.sleep(rng.uniform(4, 8))
            assert time.monotonic() - began < 1500, len(receiver.came)
        time.sleep(2)
    return {"kills": kills, **judge(receiver, outcomes)}


def judge(receiver: Receiver, outcomes: int) -> dict[str, Any]:
    first: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    for delivery in receiver.came:
        if delivery.id not in seen:
            seen.add(delivery.id)
            first[delivery.data["id"]].append(delivery.type)
    return {
        "outcomes": outcomes,
        "told": len(seen),
        "deliveries": len(receiver.came),
        "attempts": receiver.tried,
        "objects_out_of_order": sum(types != PAIR for types in first.values()),
        "not_verified": receiver.wrong,
    }


def is_right(told: dict[str, Any]) -> bool:
    return (
        told["told"] == told["outcomes"]
        and told["objects_out_of_order"] == 0
        and not told["not_verified"]
    )


def main() -> int:
    outcomes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    folder = Path(tempfile.mkdtemp(prefix="webhooks-"))
    late = measure(folder / "well")
    told = torment(folder / "ill", outcomes, down=60, well_after=180)
    sys.stdout.write(json.dumps({**late, **told}, indent=1) + "\n")
    return int(not is_right(told) or late["p95"] > 2)


if __name__ == "__main__":
    sys.exit(main())
