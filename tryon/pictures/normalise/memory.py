"""What the pictures of one process may take, all at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import Busy


class Memory:
    def __init__(self, megabytes: float):
        self.most = self.free = megabytes
        self.changed = threading.Condition()

    @contextmanager
    def taken(self, megabytes: float, wait: float) -> Iterator[None]:
        """Not more than `most`. Raises `Busy` after `wait` seconds."""
        with self.changed:
            if not self.changed.wait_for(lambda: megabytes <= self.free, wait):
                raise Busy
            self.free -= megabytes
        try:
            yield
        finally:
            with self.changed:
                self.free += megabytes
                self.changed.notify_all()
