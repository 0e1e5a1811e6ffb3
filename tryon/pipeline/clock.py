"""The clock of a planning process, which notices when it is moved."""

import time
from collections.abc import Callable
from datetime import datetime

from . import budget


class Clock:
    """Notices steps of the wall clock against the monotonic one, within a process."""

    def __init__(self, wall_clock: Callable[[], datetime] | None = None):
        """By default the database's, which all workers share."""
        self._wall_clock = wall_clock
        self._last: tuple[datetime, float] | None = None

    def read(self) -> datetime:
        """The time now. After a step, all that held a slot counts as just answered."""
        read = self._wall_clock or budget.database_now
        now, monotonic = read(), time.monotonic()
        if self._last is not None:
            wall = (now - self._last[0]).total_seconds()
            if abs(wall - (monotonic - self._last[1])) > budget.LARGEST_STEP:
                budget.clock_stepped(self._last[0], now)
        self._last = now, monotonic
        return now
