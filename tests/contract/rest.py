"""The REST API against its own document, by schemathesis, on real processes.

``python -m tests.contract.rest [cases]``: how many cases for each operation; 200 make
about 5,000.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import requests

from tests.contract.hooks import make_picture
from tests.live import BIN, LiveSite, live_site

HERE = Path(__file__).parent
GENEROUS = {"TRYON_API_RATE": "1000000", "TRYON_DAILY_LIMIT": "1000000"}


def check(site: LiveSite, cases: int) -> subprocess.CompletedProcess[str]:
    """All checks, stateful, in one run. The site's web process must be there."""
    secret = site.manage("shop_key", "schemathesis").stdout.strip()
    headers = {"Authorization": f"Bearer {secret}"}
    api = f"{site.url}/api/v1"
    piece = {"name": "Shirt", "kind": "upper_body"}
    put = requests.put(
        f"{api}/garments/FR-1",
        headers=headers,
        data=piece,
        files={"file": make_picture()},
        timeout=30,
    )
    sent = requests.post(
        f"{api}/photos",
        headers=headers,
        data={"consent": "true"},
        files={"file": make_picture()},
        timeout=30,
    )
    assert (put.status_code, sent.status_code) == (201, 201), (put.text, sent.text)
    known = {"FITTING_ROOM_SKU": "FR-1", "FITTING_ROOM_PHOTO": sent.json()["id"]}
    command = [
        str(BIN / "schemathesis"),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "run",
        f"{api}/openapi.json",
        f"--header=Authorization: Bearer {secret}",
        "--checks=all",
        f"--max-examples={cases}",
        "--continue-on-failure",
        "--no-color",
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.contract.hooks", "PYTHONPATH": "."}
    return subprocess.run(
        command,
        env={**os.environ, **hooks, **known},
        capture_output=True,
        text=True,
    )


def main() -> int:
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    folder = Path(tempfile.mkdtemp(prefix="rest-"))
    with live_site(folder, speed=10, **GENEROUS) as site:
        site.start_sandbox(plain=True, seconds=2)
        site.start("web", "worker", "beat")
        site.until(site.is_up)
        done = check(site, cases)
        log = (folder / "web.log").read_text()
    sys.stdout.write(done.stdout)
    sys.stdout.write(f"{log.count('Traceback')} tracebacks in the log of web\n")
    return done.returncode or int("Traceback" in log)


if __name__ == "__main__":
    sys.exit(main())
