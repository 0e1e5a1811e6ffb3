"""Every duration of scheduling in one place, in seconds of wall time.

`tests/tryon/pipeline/test_policy.py` and `tests/bench` try them on simulated loads.
`MIRAGIC_TIME_SCALE` divides them all, so that a sped-up stand-in is treated like the
real API.
"""

from dataclasses import dataclass
from functools import cache

from django.conf import settings

DAY = 24 * 3600


@dataclass(frozen=True)
class Timing:
    limit: int = 60  # requests of one key in a window
    window: float = 61  # after its answer a request holds its slot this long
    burst: float = 10  # requests at once
    strict_burst: float = 1.1  # for an hour after a 429
    refill: float = 1.02  # seconds for one more request in the bucket
    price: float = 20  # most seconds of unseen waiting that a request is worth
    expected: float = 20  # the forecast's prior: the median duration
    patience: float = 600  # from then on a job is polled ever more rarely
    give_up: float = DAY + 600  # then it counts as lost on the way
    horizon: float = 1  # planned ahead in one pass
    step: float = 0.1
    poll_again: float = 0.2  # least time between two polls at one job
    void_after: float = 5  # a reservation not sent by then is void
    submit_deadline: float = 30
    poll_deadline: float = 10
    download_deadline: float = 60
    fetch_lease: float = 10  # of a picture being brought home; renewed meanwhile
    grace: float = 2  # after a deadline, before its request counts as lost
    backoff: float = 5  # doubling with each failure ...
    longest_backoff: float = 300
    first_late_poll: float = 60  # past patience: after 1, 2, 4 ... 60 minutes
    longest_late_poll: float = 3600
    strict_for: float = 3600
    retry_after: float = 5  # after a 429 that does not say
    resend_after: float = 0  # an unconfirmed one by itself; 0 = never

    def backoff_after(self, failures: int) -> float:
        """Seconds to wait after the `failures`th failure in a row, from 1."""
        doubled: float = self.backoff * 2 ** min(failures - 1, 16)
        return min(doubled, self.longest_backoff)


@cache
def scaled(
    scale: float,
    limit: int,
    window: float,
    expected: float,
    patience: float,
    resend_minutes: float,
) -> Timing:
    t = Timing()
    return Timing(
        limit=limit,
        window=(window + 1) / scale,
        burst=min(t.burst, limit),
        refill=1.02 * window / limit / scale,
        price=t.price / scale,
        expected=expected / scale,
        patience=patience / scale,
        give_up=(DAY + patience) / scale,
        horizon=t.horizon / scale,
        step=t.step / scale,
        poll_again=t.poll_again / scale,
        # Never so short that a busy worker's own hiccup voids its work.
        void_after=max(t.void_after / scale, 2),
        submit_deadline=max(t.submit_deadline / scale, 2),
        poll_deadline=max(t.poll_deadline / scale, 2),
        download_deadline=max(t.download_deadline / scale, 2),
        fetch_lease=max(t.fetch_lease / scale, 0.5),
        grace=t.grace,
        backoff=t.backoff / scale,
        longest_backoff=t.longest_backoff / scale,
        first_late_poll=t.first_late_poll / scale,
        longest_late_poll=t.longest_late_poll / scale,
        strict_for=t.strict_for / scale,
        retry_after=t.retry_after / scale,
        resend_after=resend_minutes * 60 / scale,
    )


def timing() -> Timing:
    """The durations under the present settings."""
    return scaled(
        settings.MIRAGIC_TIME_SCALE,
        settings.MIRAGIC_RATE_LIMIT,
        settings.MIRAGIC_RATE_WINDOW,
        settings.MIRAGIC_EXPECTED_SECONDS,
        settings.MIRAGIC_GIVE_UP_SECONDS,
        settings.MIRAGIC_RESEND_UNCONFIRMED,
    )
