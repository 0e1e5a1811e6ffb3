"""The Miragic virtual try-on API: all of HTTP, nothing of Django.

"Documentation" in a docstring names sections of the API's own reference. What that
leaves open is listed in docs/architecture.md.
"""

from .answers import Accepted, JobState, Polled
from .client import Client, Deadlines
from .errors import (
    KeyRefused,
    MayHaveArrived,
    MiragicError,
    NotArrived,
    OutOfCredits,
    RateLimited,
    Refused,
    ResultOutOfReach,
    ResultUnavailable,
)
from .meaning import is_about_a_picture

__all__ = [
    "Accepted",
    "Client",
    "Deadlines",
    "JobState",
    "KeyRefused",
    "MayHaveArrived",
    "MiragicError",
    "NotArrived",
    "OutOfCredits",
    "Polled",
    "RateLimited",
    "Refused",
    "ResultOutOfReach",
    "ResultUnavailable",
    "is_about_a_picture",
]
