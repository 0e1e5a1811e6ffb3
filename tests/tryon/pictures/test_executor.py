"""What can wait gives way, and nobody else does."""

import os
import sys
import threading

import pytest

from tryon.pictures import executor


def nice() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no niceness there")
def test_only_the_background_gives_way():
    before = nice()
    assert executor.run(nice) == min(before + executor.NICE, 19)
    assert nice() == before


def test_the_caller_gets_what_it_raises():
    with pytest.raises(ZeroDivisionError):
        executor.run(divmod, 1, 0)
