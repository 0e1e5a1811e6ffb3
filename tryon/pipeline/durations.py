"""How long jobs took, and the forecast from it: finished jobs' own columns alone."""

from ..models import TryOn
from .forecast import HISTORY, Forecast
from .timing import timing

ENOUGH = 20  # known durations, for a mode to stand on its own


def newest_durations() -> list[tuple[str, float]]:
    """Mode and seconds of the last finished jobs, the newest first."""
    known = TryOn.objects.filter(duration_seconds__isnull=False)
    rows = known.order_by("-answered_at").values_list("mode", "duration_seconds")
    newest = rows[: len(TryOn.Mode) * HISTORY]
    return [(mode, seconds) for mode, seconds in newest if seconds]


def current_forecasts() -> dict[str, Forecast]:
    """By mode, from the last finished jobs' own columns; nothing else is state.

    A mode with too few known durations borrows what all of them say.
    """
    newest = newest_durations()
    expected = timing().expected
    forecasts = {}
    for mode in TryOn.Mode.values:
        own = [seconds for of, seconds in newest if of == mode]
        if len(own) < ENOUGH:
            own = [seconds for _of, seconds in newest]
        forecasts[mode] = Forecast(own, expected)
    return forecasts
