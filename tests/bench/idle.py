"""CPU of all processes of the site while nothing happens.

``python -m tests.bench.idle [seconds]``: web, worker, beat and sandbox at real speed.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.bench.measure import cpu_percent
from tests.live import live_site

MOST = 3.0  # percent of one core
SETTLE = 5  # seconds


def main() -> int:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with live_site(Path(tempfile.mkdtemp(prefix="idle-"))) as site:
        site.start_sandbox()
        site.start("web", "worker", "beat")
        site.until(site.is_up)
        time.sleep(SETTLE)
        before = cpu_percent(site, seconds)
        time.sleep(seconds)
        after = cpu_percent(site, seconds)
    used = {name: round(after[name] - before[name], 1) for name in after}
    print(f"| idle for {seconds} s | % of a core |\n|---|---|")
    for name, percent in used.items():
        print(f"| {name} | {percent} |")
    print(f"| together | {round(sum(used.values()), 1)} |")
    return int(sum(used.values()) > MOST)


if __name__ == "__main__":
    sys.exit(main())
