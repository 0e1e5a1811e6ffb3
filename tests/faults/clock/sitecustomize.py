"""A process under test whose wall clock can be moved: by the seconds in $CLOCK_SHIFT.

On its PYTHONPATH only. The monotonic clock and sleeping stay as they are, as when an
operator sets a machine's clock.
"""

import os
import threading
import time
from pathlib import Path

import time_machine

true = time.time
sleep = time.sleep
SHIFT = Path(os.environ["CLOCK_SHIFT"])


def watch() -> None:
    shown = 0.0
    while True:
        wanted = float(SHIFT.read_text() or shown)
        if wanted != shown:
            shown = wanted
            time_machine.travel(time_machine.escape_hatch.time.time() + wanted).start()
        sleep(0.05)


threading.Thread(target=watch, daemon=True).start()
