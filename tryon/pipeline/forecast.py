"""What past jobs say about how long one takes. Seconds throughout, no ORM.

The last 64 durations, and a prior of total weight 4 until they outweigh it: more
history follows a change too late, less forecasts no better than the prior.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

HISTORY = 64
# For a median of 20 s; scaled to the expected duration.
PRIOR = (
    6, 9, 11, 13, 15, 17, 18.5, 20, 21.5, 23.5, 26, 30, 36, 45, 60, 90, 150, 300, 600
)  # fmt: skip
PRIOR_WEIGHT = 4
PRIOR_MEDIAN = 20


class Forecast:
    """Built from known durations alone, so a restart loses nothing."""

    def __init__(self, known: Iterable[float], expected: float):
        """`known`: the newest durations; `expected`: the prior's median."""
        known = list(known)[:HISTORY]
        self.count = len(known)
        weighted = [(d, 1.0) for d in known]
        weighted += [
            (d * expected / PRIOR_MEDIAN, PRIOR_WEIGHT / len(PRIOR)) for d in PRIOR
        ]
        weighted.sort()
        self._durations = [d for d, _ in weighted]
        # Sums over all from an index on, so that a question costs two bisections.
        self._weights = _from_the_end(w for _, w in weighted)
        self._sums = _from_the_end(d * w for d, w in weighted)

    def unseen(self, polled: float, age: float) -> float:
        """Expected seconds that a job has been over without anybody knowing.

        `polled` is its age when it was last seen running, `age` its age at the poll
        that is being weighed: the mean of max(0, age - d) over durations d > polled.
        """
        if age <= polled:
            return 0.0
        first = bisect_right(self._durations, polled)
        weight = self._weights[first]
        if weight <= 1e-9:  # longer than everything known
            return (age - polled) / 2 * (1 - polled / age)
        end = bisect_left(self._durations, age)
        over = self._weights[first] - self._weights[end]
        return (age * over - (self._sums[first] - self._sums[end])) / weight

    def quantile(self, share: float, age: float = 0) -> float:
        """The total duration that `share` of the jobs older than `age` stay under."""
        first = bisect_right(self._durations, age)
        remaining = self._weights[first]
        if remaining <= 1e-9:
            return age
        target = remaining * (1 - share)
        # The sums fall with the index: find where they pass below the target.
        low, high = first, len(self._durations) - 1
        while low < high:
            middle = (low + high) // 2
            if self._weights[middle + 1] <= target:
                high = middle
            else:
                low = middle + 1
        return self._durations[low]

    def remaining(self, age: float) -> float:
        """Median of the seconds left for a job of `age`."""
        return max(self.quantile(0.5, age) - age, 0.0)


def _from_the_end(values: Iterable[float]) -> list[float]:
    return [*reversed(list(accumulate(reversed(list(values))))), 0.0]
