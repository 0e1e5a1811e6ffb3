"""Picture work that can wait, in one thread that gives way to all others.

A worker's other threads spend the request budget: what delays them by a tenth of a
second costs jobs a minute (docs/performance.md).
"""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

NICE = 15  # of 19: a few per cent of a core that others want

P = ParamSpec("P")
T = TypeVar("T")


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere it would slow the whole process down
        os.nice(NICE)


_thread = ThreadPoolExecutor(1, "background", initializer=_give_way)


def run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns or raises; it must not touch the database."""
    return _thread.submit(work, *args, **kwargs).result()
