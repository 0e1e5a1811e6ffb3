"""The policy against a simulated API: the required figures, in simulated seconds.

No Django, no clock: the simulation hands in `now`.
"""

import heapq
import itertools
import math
import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from tryon.pipeline import policy
from tryon.pipeline.forecast import Forecast
from tryon.pipeline.timing import Timing

pytestmark = pytest.mark.anywhere

T = Timing()


@dataclass
class SimJob:
    owner: int
    created: float
    duration: float
    submitted: float | None = None
    looked: float | None = None
    known: float | None = None
    out: bool = False


@dataclass
class Simulation:
    """One key, an exact sliding log at the server, 0.16 s of network."""

    seed: int
    jobs: list[SimJob]
    until: float
    known: list[float] = field(default_factory=list)
    server_log: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    requests: int = 0
    refused: int = 0

    def run(self) -> "Simulation":
        rng = random.Random(self.seed)
        held = 0
        level, level_at = T.burst, 0.0
        events: list[tuple[float, int, str, int]] = []
        now, step = 0.0, 0.25
        while now < self.until:
            while events and events[0][0] <= now:
                at, _, kind, index = heapq.heappop(events)
                held -= 1
                self.answers.append(at + T.window)
                self._answer(self.jobs[index], kind, at)
            queued = [
                (i, j)
                for i, j in enumerate(self.jobs)
                if j.submitted is None and not j.out and j.created <= now
            ]
            aloft = [
                (i, j)
                for i, j in enumerate(self.jobs)
                if j.known is None and j.created <= now and (j.submitted or j.out)
            ]
            flying = [
                policy.Flying(i, j.owner, 1, j.submitted, j.looked)
                for i, j in aloft
                if j.submitted is not None and not j.out
            ]
            counted = Counter(j.owner for _, j in queued) + Counter(
                j.owner for _, j in aloft
            )
            load = policy.Load(
                queued=len(queued),
                owners=len(counted),
                jobs_of=counted,
                in_flight_of=Counter(j.owner for _, j in aloft),
                jobs=sum(counted.values()),
            )
            room = policy.KeyRoom(
                1,
                held,
                sorted(self.answers[-80:]),
                level,
                level_at,
                T.burst,
                len(aloft),
            )
            waiting = [policy.Waiting(i, j.owner, j.created) for i, j in queued]
            planned = policy.plan(
                now,
                flying,
                waiting,
                [room],
                load,
                {"": Forecast(self.known[-64:], T.expected)},
                Timing(horizon=step, step=step / 2),
            )
            level, level_at = room.level, room.level_at
            for one in planned:
                held += 1
                self.requests += 1
                reached = one.at + 0.04 + rng.expovariate(25)
                answered = reached + 0.04 + rng.expovariate(25)
                self._serve(reached)
                job = self.jobs[one.job]
                job.out = True
                if one.kind == "submit":
                    job.submitted_at_server = reached
                else:
                    job.done = reached >= job.submitted_at_server + job.duration
                    job.look_sent = one.at
                heapq.heappush(events, (answered, self.requests, one.kind, one.job))
            now += step
        return self

    def _serve(self, at: float) -> None:
        self.server_log.append(at)

    def _answer(self, job: SimJob, kind: str, at: float) -> None:
        job.out = False
        if kind == "submit":
            job.submitted = job.looked = at
        elif job.done:
            job.known = at
            self.known.append(job.duration)
        else:
            job.looked = job.look_sent

    def most_in_window(self) -> int:
        log = sorted(self.server_log)
        most = start = 0
        for end, at in enumerate(log):
            while log[start] <= at - 60:
                start += 1
            most = max(most, end - start + 1)
        return most

    def unseen(self, after: float = 0) -> list[float]:
        return sorted(
            j.known - (j.submitted_at_server + j.duration)
            for j in self.jobs
            if j.known is not None and j.created >= after
        )


def lognormal(rng: random.Random, sigma: float = 0.35) -> float:
    return 20 * math.exp(rng.gauss(0, sigma))


def arrivals(rng: random.Random, per_minute: float, until: float) -> list[float]:
    at, times = 0.0, []
    while (at := at + rng.expovariate(per_minute / 60)) < until:
        times.append(at)
    return times


def quantile(values: list[float], share: float) -> float:
    return values[min(int(len(values) * share), len(values) - 1)]


def test_backlog_runs_at_the_bound():
    rng = random.Random(1)
    jobs = [SimJob(0, 0, lognormal(rng)) for _ in range(400)]
    done = Simulation(1, jobs, 780).run()
    finished = [j for j in jobs if j.known is not None and 180 <= j.known < 780]
    assert len(finished) / 10 >= 28.5
    assert done.requests / len([j for j in jobs if j.known is not None]) <= 2.4
    assert done.most_in_window() <= 60


@pytest.mark.parametrize(
    ("per_minute", "p50", "p95"), [(5, 2.0, 9.5), (10, 3.0, 16), (20, 8.5, 33)]
)
def test_unseen_waiting_by_load(per_minute, p50, p95):
    rng = random.Random(per_minute)
    jobs = [
        SimJob(i, at, lognormal(rng))
        for i, at in enumerate(arrivals(rng, per_minute, 1440))
    ]
    done = Simulation(per_minute, jobs, 1440).run()
    unseen = done.unseen(after=240)
    assert quantile(unseen, 0.5) <= p50
    assert quantile(unseen, 0.95) <= p95
    assert done.most_in_window() <= 60


def test_light_users_are_not_held_up_by_a_burst():
    rng = random.Random(3)
    burst = [SimJob(0, 0, lognormal(rng)) for _ in range(200)]
    light = [SimJob(1 + i, 20 + 45 * i, lognormal(rng)) for i in range(8)]
    done = Simulation(3, burst + light, 700).run()
    lost = sorted(j.known - j.created - j.duration for j in light)
    assert quantile(lost, 0.95) <= 20
    assert done.most_in_window() <= 60


# --- the function itself ------------------------------------------------------------


def room(**changes) -> policy.KeyRoom:
    fields = {
        "id": 1,
        "held": 0,
        "frees_at": [],
        "level": 10,
        "level_at": 1000,
        "burst": 10,
        "in_flight": 0,
    }
    return policy.KeyRoom(**{**fields, **changes})


def plan(flying=(), waiting=(), keys=None, queued=None, **load):
    keys = [room()] if keys is None else keys
    owners = {job.owner for job in (*flying, *waiting)}
    counts = Counter(job.owner for job in (*flying, *waiting))
    known = policy.Load(
        queued=len(waiting) if queued is None else queued,
        owners=len(owners),
        jobs_of=counts,
        in_flight_of=Counter(job.owner for job in flying),
        jobs=sum(counts.values()),
    )
    return policy.plan(1000, flying, waiting, keys, known, {"": Forecast([], 20)}, T)


def test_nothing_to_do():
    assert plan() == []


def test_a_new_job_goes_at_once():
    (one,) = plan(waiting=[policy.Waiting("a", 1, 999)])
    assert (one.kind, one.job, one.at) == ("submit", "a", 1000)


def test_no_slot_no_request():
    assert plan(waiting=[policy.Waiting("a", 1, 9)], keys=[room(held=60)]) == []


def test_a_slot_that_comes_free_within_the_second_is_used_then():
    full = room(held=59, frees_at=[1000.45])
    (one,) = plan(waiting=[policy.Waiting("a", 1, 9)], keys=[full])
    assert one.at == pytest.approx(1000.5)


def test_the_burst_is_bounded():
    waiting = [policy.Waiting(i, 1, i) for i in range(40)]
    assert len(plan(waiting=waiting)) == 10
    assert len(plan(waiting=waiting, keys=[room(level=1.1, burst=1.1)])) == 1


def test_whoever_has_least_in_flight_goes_first():
    flying = [policy.Flying(f"f{i}", 1, 1, 999, 999) for i in range(3)]
    waiting = [policy.Waiting("old", 1, 900), policy.Waiting("new", 2, 999)]
    planned = plan(flying=flying, waiting=waiting, keys=[room(level=1)])
    assert planned[0].job == "new"


def test_a_job_due_is_looked_at_with_its_own_key():
    flying = [policy.Flying("f", 1, 2, 960, 960)]
    planned = plan(flying=flying, keys=[room(id=1), room(id=2)])
    assert [(one.kind, one.key) for one in planned] == [("poll", 2)]


def test_a_job_whose_key_is_gone_may_be_looked_at_by_any():
    flying = [policy.Flying("f", 1, None, 960, 960)]
    assert plan(flying=flying)[0].kind == "poll"


def test_not_before_its_time():
    flying = [policy.Flying("f", 1, 1, 900, 900, not_before=1100)]
    assert plan(flying=flying) == []


def test_a_post_goes_to_the_key_with_most_room():
    keys = [room(id=1, held=40), room(id=2, held=10), room(id=3, held=10, in_flight=9)]
    (one,) = plan(waiting=[policy.Waiting("a", 1, 9)], keys=keys)
    assert one.key == 2


def test_a_key_that_pauses_its_submits_still_looks():
    paused = room(submits_from=2000)
    flying = [policy.Flying("f", 1, 1, 960, 960)]
    planned = plan(flying=flying, waiting=[policy.Waiting("a", 1, 9)], keys=[paused])
    assert [one.kind for one in planned] == ["poll"]


def test_one_probe_at_a_time():
    waiting = [policy.Waiting(i, 1, i) for i in range(5)]
    assert len(plan(waiting=waiting, keys=[room(probing=True)])) == 1


def test_past_patience_ever_more_rarely():
    ages = [T.patience]
    while len(ages) < 12:
        ages.append(policy.next_late_poll(ages[-1], T))
    pauses = [round((b - a) / 60) for a, b in itertools.pairwise(ages)]
    assert pauses[:7] == [1, 1, 2, 4, 8, 16, 32]
    assert max(pauses) == 60
    late = policy.Flying("f", 1, 1, 0, T.patience)
    assert policy.waiting_worth(late, T.patience + 59, Forecast([], 20), T) == 0
    assert math.isinf(policy.waiting_worth(late, T.patience + 60, Forecast([], 20), T))


def test_the_last_of_the_bucket_is_kept_for_whoever_presses_next():
    flying = [policy.Flying(n, n, 1, 960, 960) for n in range(20)]
    planned = plan(flying=flying)
    assert [one.kind for one in planned] == ["poll"] * 9
    just_looked = [policy.Flying(n, n, 1, 980, 999) for n in range(20)]
    last = [room(level=1)]
    assert plan(flying=just_looked, keys=last) == []
    new = plan(flying=just_looked, waiting=[policy.Waiting("w", 99, 1000)], keys=last)
    assert [one.kind for one in new] == ["submit"]


def test_with_strict_pace_there_is_only_one_and_looks_get_it():
    flying = [policy.Flying(n, n, 1, 960, 960) for n in range(3)]
    keys = [room(level=1.1, burst=1.1)]
    assert [one.kind for one in plan(flying=flying, keys=keys)] == ["poll"]
