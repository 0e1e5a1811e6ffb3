"""What `measure` does in the database: jobs of many owners, and the figures of them.

Imported after `django.setup()` on the bench's own folder.
"""

import io
import uuid
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from tests.bench.measure import DOWN, iso, quantile
from tests.bench.scenarios import Scenario
from tryon import services, tasks
from tryon.models import ApiRequest, Garment, Photo, Planner, Status, TryOn, User
from tryon.models.ledger import Outcome
from tryon.models.states import FINAL
from tryon.pictures import normalise

state: dict[str, Any] = {}


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((384, 512), 40).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def prepare(scenario: Scenario) -> None:
    """Owners with a photo each; all pictures 512 px, so that two cores suffice."""
    now = datetime.now(UTC)
    piece = normalise.read_garment(io.BytesIO(picture()))
    state["garment"] = services.add_garment(
        owner=None, picture=piece, kind="upper_body", now=now
    )
    owners = sorted({owner for _, owner in scenario.arrivals})
    state["photos"] = {}
    person = normalise.read_person(io.BytesIO(picture()))
    for owner in owners:
        user = User.objects.create_user(f"u{owner}@example.org")
        state["photos"][owner] = services.add_photo(owner=user, picture=person, now=now)
    Photo.objects.update(renditions_at=now)
    Garment.objects.update(renditions_at=now)


def create(owner: int) -> None:
    photo = state["photos"][owner]
    services.create_try_on(
        owner=photo.owner,
        photo=photo,
        outfit=services.Outfit(state["garment"]),
        now=datetime.now(UTC),
        token=uuid.uuid4(),
        again=True,
        counts=False,
    )
    tasks.wake_up()


def last_tick() -> Any:
    return Planner.objects.values_list("last_tick_at", flat=True).first()


def all_over() -> bool:
    resting = (*FINAL, Status.UNCONFIRMED)
    return not TryOn.objects.exclude(status__in=resting).exists()


def count_submitted() -> int:
    """Submits that arrived, or may have: a worker killed under way tells of none."""
    arrived = (Outcome.ACCEPTED, Outcome.LOST, Outcome.UNCLEAR)
    return ApiRequest.objects.filter(kind="submit", outcome__in=arrived).count()


def figures(scenario: Scenario, started: float) -> dict[str, Any]:
    speed = scenario.speed
    begin = started + scenario.warm_up / speed
    end = started + scenario.lasts / speed
    unseen, submit, wait, light, hit = [], [], [], [], []
    downs = [
        (started + at / speed, started + (at + DOWN) / speed) for at in scenario.downs
    ]
    for row in TryOn.objects.filter(answered_at__isnull=False):
        data = row.raw_answer["data"]
        known = row.answered_at.timestamp()
        made = iso(data["processingCompletedAt"]).timestamp()
        lasted = made - iso(data["createdAt"]).timestamp()
        created = row.created_at.timestamp()
        sent = row.api_requests.filter(kind="submit", sent_at__isnull=False).earliest(
            "sent_at"
        )
        if sent.sent_at.timestamp() < begin and scenario.warm_up:
            continue
        unseen.append((known - made) * speed)
        wait.append((known - created) * speed)
        if row.owner.email != "u0@example.org":
            light.append((known - created - lasted) * speed)
        submit.append((sent.sent_at.timestamp() - created) * speed)
        if any(created < up and known > down for down, up in downs):
            hit.append(unseen[-1] + submit[-1])
    known_now = TryOn.objects.filter(
        answered_at__gt=datetime.fromtimestamp(begin, UTC),
        answered_at__lte=datetime.fromtimestamp(end, UTC),
    ).count()
    requests = ApiRequest.objects.filter(
        sent_at__gt=datetime.fromtimestamp(begin, UTC),
        sent_at__lte=datetime.fromtimestamp(end, UTC),
    ).count()
    minutes = (end - begin) * speed / 60

    def rate(since: float, until: float) -> float:
        """Results known a minute between two simulated times."""
        span = [
            datetime.fromtimestamp(started + at / speed, UTC) for at in (since, until)
        ]
        n = TryOn.objects.filter(answered_at__range=span).count()
        return round(n / (until - since) * 60, 2)

    unconfirmed = TryOn.objects.filter(status=Status.UNCONFIRMED).count()
    unanswered = (Outcome.LOST, Outcome.UNCLEAR)
    lost = ApiRequest.objects.filter(kind="submit", outcome__in=unanswered).count()
    return {
        "jobs": known_now,
        "jobs_per_minute": round(known_now / minutes, 2),
        "requests_per_job": round(requests / max(known_now, 1), 2),
        "unseen_p50": quantile(unseen, 0.5),
        "unseen_p95": quantile(unseen, 0.95),
        "submit_p95": quantile(submit, 0.95),
        "lost_mean": round((sum(unseen) + sum(submit)) / max(len(unseen), 1), 2),
        "wait_mean": round(sum(wait) / max(len(wait), 1), 1),
        "wait_p95": quantile(wait, 0.95),
        "wait_last": quantile(wait, 1),
        "light_lost_p50": quantile(light, 0.5),
        "light_lost_p95": quantile(light, 0.95),
        "hit_lost_p50": quantile(hit, 0.5),
        "hit_lost_p95": quantile(hit, 0.95),
        "drift_first": rate(480, 680),
        "drift_later": rate(860, scenario.lasts),
        "unconfirmed": unconfirmed,
        "unlike_lost_answers": abs(unconfirmed - lost),
        "failed": TryOn.objects.filter(status=Status.FAILED).count(),
    }


def prepare_distinct(n: int) -> None:
    """n queued jobs of one owner, each of a picture of its own."""
    now = datetime.now(UTC)
    owner = User.objects.create_user("many@example.org")
    piece = normalise.read_garment(io.BytesIO(picture()))
    garment = services.add_garment(
        owner=None, picture=piece, kind="upper_body", now=now
    )
    for _ in range(n):
        person = normalise.read_person(io.BytesIO(picture()))
        photo = services.add_photo(owner=owner, picture=person, now=now)
        services.create_try_on(
            owner=owner,
            photo=photo,
            outfit=services.Outfit(garment),
            now=now,
            counts=False,
        )
    Photo.objects.update(renditions_at=now)
    Garment.objects.update(renditions_at=now)
