"""The production stack on this machine, as the Procfile starts it.

``make stack``: granian with hashed and compressed files, worker and beat, over private
PostgreSQL, Redis and S3 servers, with the sandbox and the demo shop. Ctrl-C ends it.
"""

import contextlib
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tests import servers
from tests.live import LiveSite

LOGIN = "customer@example.org"


@contextlib.contextmanager
def stack(
    folder: Path, speed: float = 1, **env: str
) -> Iterator[tuple[LiveSite, dict[str, servers.Server]]]:
    """Prepared, with nothing started but the three servers."""
    with servers.all_three() as (parts, settings):
        site = LiveSite(
            folder,
            speed,
            **settings,
            **{
                "DEBUG": "0",
                "SECRET_KEY": secrets.token_urlsafe(50),
                "ALLOWED_HOSTS": "127.0.0.1",
                "LOG_FORMAT": "json",
                **env,
            },
        )
        try:
            site.prepare()
            site.manage("collectstatic", "--noinput", "--verbosity", "0")
            yield site, parts
        finally:
            site.kill_all()


def main() -> int:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    folder = Path(tempfile.mkdtemp(prefix="stack-"))
    with stack(folder, MIRAGIC_API_KEYS="", MIRAGIC_BASE_URL="") as (site, _parts):
        site.sandbox_port = site.port + 1
        site.sandbox_url = f"http://127.0.0.1:{site.sandbox_port}"
        site.start_sandbox()
        told = site.manage("demo").stdout
        site.start("worker", "beat", "web")
        site.until(site.is_up)
        sys.stdout.write(f"{told}\n{site.url} · logs in {folder} · Ctrl-C ends it\n")
        sys.stdout.flush()
        ended.wait()
        site.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
