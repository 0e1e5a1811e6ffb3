"""Give the memory of pictures back: glibc otherwise keeps it, once for each thread."""

import ctypes

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # malloc.h
LARGE = 1024 * 1024  # bytes: from here on a block is its own, and goes when freed
ARENAS = 2


def limit_memory() -> None:
    """Before threads start. Elsewhere than on glibc there is nothing to set."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE)
        mallopt(M_ARENA_MAX, ARENAS)
