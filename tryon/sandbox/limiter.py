"""The ways a server may count "60 requests per minute per API key"."""

from collections import deque
from collections.abc import Callable
from typing import Protocol

LIMIT = 60


class Limiter(Protocol):
    def allow(self, now: float) -> bool: ...


class Sliding:
    """An exact log: at most 60 in any window; a refused request costs nothing."""

    def __init__(self, window: float):
        self.window = window
        self.times: deque[float] = deque()

    def allow(self, now: float) -> bool:
        while self.times and self.times[0] <= now - self.window:
            self.times.popleft()
        if len(self.times) >= LIMIT:
            return False
        self.times.append(now)
        return True


class Fixed:
    """At most 60 between two full minutes."""

    def __init__(self, window: float):
        self.window = window
        self.current = -1
        self.count = 0

    def allow(self, now: float) -> bool:
        if int(now // self.window) != self.current:
            self.current, self.count = int(now // self.window), 0
        if self.count >= LIMIT:
            return False
        self.count += 1
        return True


class Bucket:
    """Holds `size` requests, refilled evenly with 60 a window."""

    def __init__(self, window: float, size: float = LIMIT):
        self.rate = LIMIT / window
        self.size = size
        self.level = size
        self.at: float | None = None

    def allow(self, now: float) -> bool:
        if self.at is not None:
            self.level = min(self.size, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


class TwoWindow:
    """The "sliding counter": this minute's count and a share of the last one's."""

    def __init__(self, window: float):
        self.window = window
        self.current = -1
        self.count = 0
        self.previous = 0

    def allow(self, now: float) -> bool:
        index = int(now // self.window)
        if index != self.current:
            self.previous = self.count if index == self.current + 1 else 0
            self.current, self.count = index, 0
        share = 1 - (now % self.window) / self.window
        if self.count + self.previous * share >= LIMIT:
            return False
        self.count += 1
        return True


class SmallBucket(Bucket):
    """Holds five: refuses bursts that a count by the minute lets through."""

    def __init__(self, window: float):
        super().__init__(window, size=5)


LIMITERS: dict[str, Callable[[float], Limiter]] = {
    "sliding": Sliding,
    "fixed": Fixed,
    "bucket": Bucket,
    "bucket-5": SmallBucket,
    "two-window": TwoWindow,
}
