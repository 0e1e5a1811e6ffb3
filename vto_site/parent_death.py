"""A child must not outlive a parent that was killed."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """On Linux: SIGTERM for this process when its parent dies, however it dies.

    A web worker that outlived its server would go on serving old code on the port.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
