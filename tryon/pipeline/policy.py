"""What is worth a request in the coming second: a plain function, no ORM, no clock.

Poll a job when its expected unseen waiting reaches the price of a request, where the
price rises with load; submit for whoever has least in flight; weigh by the owner's
share. Times are seconds since any epoch.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Literal
from uuid import UUID

from .forecast import Forecast
from .timing import Timing

KEPT_FOR_A_SUBMIT = 1  # of the burst bucket, while nobody waits to be submitted


@dataclass(slots=True)
class KeyRoom:
    """One key's budget as the ledger tells it."""

    id: int
    held: int  # slots of requests that are not answered yet
    frees_at: list[float]  # sorted: when each answered request's slot comes free
    level: float  # of the burst bucket ...
    level_at: float  # ... at this time
    burst: float
    in_flight: int
    submits_from: float = 0  # no submit before; infinite for never
    probing: bool = False  # one submit at a time until one succeeds

    def free(self, at: float, limit: int) -> int:
        cooling = len(self.frees_at) - bisect_right(self.frees_at, at)
        return limit - self.held - cooling

    def level_then(self, at: float, refill: float) -> float:
        return min(self.burst, self.level + max(at - self.level_at, 0) / refill)

    def keeps_back(self, at: float, timing: Timing) -> bool:
        """The last request of the bucket is for whoever presses the button next.

        A poll can wait a second for it. With strict pace there is only one.
        """
        least = min(1 + KEPT_FOR_A_SUBMIT, self.burst)
        return self.level_then(at, timing.refill) < least

    def take(self, at: float, refill: float) -> None:
        self.level = self.level_then(at, refill) - 1
        self.level_at = max(at, self.level_at)
        self.held += 1


@dataclass(slots=True)
class Flying:
    """A job the API has, with no request outstanding."""

    id: UUID
    owner: Hashable
    key: int | None  # None: its key is gone, any may poll
    submitted_at: float
    polled_at: float  # when it was last seen running
    not_before: float = 0
    mode: str = ""


@dataclass(slots=True)
class Waiting:
    """A job that waits to be submitted."""

    id: UUID
    owner: Hashable
    created_at: float


@dataclass(slots=True)
class Load:
    """How much there is of everything, beyond the jobs handed in one by one."""

    queued: int = 0
    owners: int = 0  # with a job queued or in flight
    jobs_of: Counter[Hashable] = field(default_factory=Counter)  # queued or in flight
    in_flight_of: Counter[Hashable] = field(default_factory=Counter)
    jobs: int = 0  # queued or in flight, of all owners

    def share(self, owner: Hashable) -> float:
        """Below 1 for who has fewer jobs than others: these go first."""
        if not self.jobs or not self.owners:
            return 1.0
        return min(1.0, max(self.jobs_of[owner], 1) * self.owners / self.jobs)


@dataclass(frozen=True, slots=True)
class Planned:
    kind: Literal["submit", "poll"]
    job: UUID
    key: int
    at: float


def next_late_poll(polled: float, timing: Timing) -> float:
    """The age at which a job past patience is polled again; `polled`: its age then.

    After 1, 2, 4 ... 60 minutes.
    """
    if polled < timing.patience:
        return timing.patience
    pause = max(polled - timing.patience, timing.first_late_poll)
    return polled + min(pause, timing.longest_late_poll)


def waiting_worth(job: Flying, at: float, forecast: Forecast, timing: Timing) -> float:
    """The expected unseen waiting, in seconds, that a poll at `at` would end."""
    age, polled = at - job.submitted_at, job.polled_at - job.submitted_at
    if age >= timing.patience:
        return float("inf") if age >= next_late_poll(polled, timing) else 0.0
    return forecast.unseen(max(polled, 0.0), age)


def price(free: int, queued: int, timing: Timing) -> float:
    """Seconds of waiting that a request is worth: more with less room and more jobs."""
    return min(timing.price, max(timing.price / max(free, 1) ** 2, queued))


def plan(
    now: float,
    flying: Sequence[Flying],
    waiting: Sequence[Waiting],
    keys: Sequence[KeyRoom],
    load: Load,
    forecasts: Mapping[str, Forecast],
    timing: Timing,
) -> list[Planned]:
    """The requests worth sending from `now` until the horizon, in order of time.

    `forecasts` by the jobs' mode. `keys` are those that may be used; they and `load`
    are changed, nothing else.
    """
    planned: list[Planned] = []
    aloft = {job.id: job for job in flying}
    queue = {job.id: job for job in waiting}
    steps = max(round(timing.horizon / timing.step), 1)
    for step in range(steps):
        at = now + step * timing.step
        polls: list[tuple[float, Flying]] | None = None  # at this moment, best first
        for key in keys:
            while key.free(at, timing.limit) > 0 and (
                key.level_then(at, timing.refill) >= 1
            ):
                if polls is None:
                    polls = _ranked(at, aloft.values(), load, forecasts, timing)
                chosen = _choose(key, keys, at, polls, aloft, queue, load, timing)
                if chosen is None:
                    break
                if chosen.kind == "poll" and not queue and key.keeps_back(at, timing):
                    break
                planned.append(chosen)
                key.take(at, timing.refill)
                if chosen.kind == "poll":
                    del aloft[chosen.job]
                else:
                    job = queue.pop(chosen.job)
                    load.in_flight_of[job.owner] += 1
                    load.queued -= 1
                    key.in_flight += 1
                    if key.probing:
                        key.submits_from = float("inf")
    return planned


def _ranked(
    at: float,
    jobs: Iterable[Flying],
    load: Load,
    forecasts: Mapping[str, Forecast],
    timing: Timing,
) -> list[tuple[float, Flying]]:
    """Jobs and what a poll at each is worth by its owner's share, best first."""
    polls = []
    for job in jobs:
        if at < job.not_before or at - job.polled_at < timing.poll_again:
            continue
        worth = waiting_worth(job, at, forecasts[job.mode], timing)
        if worth > 0:
            polls.append((worth / load.share(job.owner), job))
    polls.sort(key=itemgetter(0), reverse=True)
    return polls


def _choose(
    key: KeyRoom,
    keys: Sequence[KeyRoom],
    at: float,
    polls: Iterable[tuple[float, Flying]],
    aloft: Mapping[UUID, Flying],
    queue: dict[UUID, Waiting],
    load: Load,
    timing: Timing,
) -> Planned | None:
    worth_of_one = price(key.free(at, timing.limit), load.queued, timing)
    mine = (poll for poll in polls if poll[1].key in (key.id, None))
    worth, best = next((poll for poll in mine if poll[1].id in aloft), (0.0, None))
    best_worth = worth / max(worth_of_one, 1e-9)
    candidate = _next_to_submit(key, keys, at, queue, load, timing)
    least = 1.0 if candidate is None else 1 / load.share(candidate.owner)
    if best is not None and best_worth >= max(least, 1.0):
        return Planned("poll", best.id, key.id, at)
    if candidate is not None:
        return Planned("submit", candidate.id, key.id, at)
    return None


def _next_to_submit(
    key: KeyRoom,
    keys: Sequence[KeyRoom],
    at: float,
    queue: dict[UUID, Waiting],
    load: Load,
    timing: Timing,
) -> Waiting | None:
    """For the key with most room: the oldest job of whoever has least in flight."""
    if not queue or at < key.submits_from:
        return None
    room = key.free(at, timing.limit) - key.in_flight
    for other in keys:
        if other is key or at < other.submits_from:
            continue
        if other.level_then(at, timing.refill) < 1:
            continue
        if other.free(at, timing.limit) - other.in_flight > room:
            return None
    return min(
        queue.values(), key=lambda job: (load.in_flight_of[job.owner], job.created_at)
    )
