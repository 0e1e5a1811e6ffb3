"""PostgreSQL, Redis, S3 or the API go away under way, and come back.

Nothing is lost or doubled, and nobody has to lend a hand. FAULT_SECONDS sets how long
they are away: a few here, ``FAULT_SECONDS=60 pytest tests/faults`` for a minute.
"""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis
import requests

from tests import factories
from tests.conftest import missing, missing_server
from tests.faults.jobs import none_lost_or_doubled, queue
from tests.live import LiveSite, free_pair, live_site
from tests.servers import Server
from tests.stack import stack
from vto_site.env import BASE_DIR

AWAY = float(os.environ.get("FAULT_SECONDS", "2"))
CLOCK = Path(__file__).with_name("clock")
JOBS = 8
FROM_COMMIT = os.environ.get("FROM_COMMIT", "")
LAST_MIGRATION = os.environ.get("LAST_MIGRATION", "")
Stack = tuple[LiveSite, dict[str, Server]]


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("parts")
    with missing_server(), stack(folder / "site", speed=10) as (site, parts):
        site.start_sandbox(seconds=40, spread=0.3, keep=folder / "sandbox")
        site.start("worker", "beat", "web")
        site.until(site.is_up)
        with site.supervised("worker", "beat"):
            yield site, parts


@pytest.fixture
def running(production: Stack) -> Stack:
    """With jobs on their way to the API and back, beside those of earlier tests."""
    site, parts = production
    queue(site, JOBS, first=sum(site.states().values()))
    site.until(lambda: site.states()["processing"] >= 3)
    return site, parts


@contextmanager
def visitors(site: LiveSite, port: int = 0, page: str = "/") -> Iterator[list[int]]:
    """Somebody looks at a page all the time; what they were answered."""
    answers: list[int] = []
    ended = threading.Event()
    address = f"http://127.0.0.1:{port or site.port}{page}"

    def look() -> None:
        while not ended.is_set():
            try:
                answers.append(requests.get(address, timeout=10).status_code)
            except requests.RequestException:
                answers.append(0)
            time.sleep(0.05)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield answers
    finally:
        ended.set()
        thread.join()


def ready(site: LiveSite) -> int:
    return requests.get(f"{site.url}/readyz", timeout=30).status_code


def all_home(site: LiveSite) -> None:
    """Completed, or uncertain because an answer was truly lost; none twice."""

    def at_rest() -> bool:
        states = site.states()
        return states["completed"] + states["unconfirmed"] == sum(states.values())

    site.until(at_rest, seconds=120)
    told = json.loads(site.manage("shell", "-v", "0", "-c", LEDGER).stdout)
    assert site.states()["unconfirmed"] == told["lost"] <= 2
    assert told["most_accepted"] == 1
    assert told["refused"] == 0


LEDGER = """
import json
from django.db.models import Count
from tryon.models import ApiRequest
submits = ApiRequest.objects.filter(kind="submit")
accepted = submits.filter(outcome="accepted").values("try_on").annotate(n=Count("pk"))
print(json.dumps({
    "lost": submits.filter(outcome__in=("lost", "unclear")).count(),
    "refused": ApiRequest.objects.filter(outcome="rate_limited").count(),
    "most_accepted": max(row["n"] for row in accepted),
}))
"""


@pytest.mark.anywhere
def test_postgres_restarts(running: Stack) -> None:
    site, parts = running
    parts["postgres"].stop(signal.SIGINT)
    with visitors(site) as answers:
        site.until(lambda: ready(site) == 503)
        time.sleep(AWAY)
        parts["postgres"].start()
        site.until(lambda: ready(site) == 200)
    # The front page asks the database for nothing.
    assert set(answers) == {200}
    all_home(site)


@pytest.mark.anywhere
def test_postgres_can_only_be_read_for_a_while(running: Stack) -> None:
    """As after a failover, until the new primary has its address."""
    site, _parts = running
    setting = "default_transaction_read_only"

    def order(*orders: str) -> None:
        with psycopg.connect(site.env["DATABASE_URL"], autocommit=True) as server:
            for text in (*orders, "SELECT pg_reload_conf()"):
                server.execute(text)

    order(f"ALTER SYSTEM SET {setting} = on")
    try:
        with visitors(site) as answers:
            site.until(lambda: ready(site) == 503)
            time.sleep(AWAY)
    finally:
        order(f"ALTER SYSTEM RESET {setting}")
    site.until(lambda: ready(site) == 200)
    assert set(answers) == {200}
    all_home(site)


@pytest.mark.anywhere
def test_redis_restarts_and_forgets_everything(running: Stack) -> None:
    site, parts = running
    parts["redis"].stop(signal.SIGKILL)
    with visitors(site) as answers:
        time.sleep(AWAY)
        parts["redis"].start()
        site.until(lambda: ready(site) == 200)
    with redis.Redis.from_url(site.env["CELERY_BROKER_URL"]) as client:
        client.flushall()
    assert set(answers) == {200}
    all_home(site)


class Visitor:
    """A browser that keeps its cookies and sends forms."""

    def __init__(self, site: LiveSite):
        self.url, self.session = site.url, requests.Session()

    def post(self, page: str, files: dict[str, bytes] | None = None, **fields: str):
        """The status of the answer, and where it leads."""
        self.session.get(f"{self.url}{page}", timeout=60)
        fields["csrfmiddlewaretoken"] = self.session.cookies["csrftoken"]
        answer = self.session.post(
            f"{self.url}{page}",
            data=fields,
            files=files,
            timeout=60,
            allow_redirects=False,
        )
        return answer.status_code, answer.headers.get("Location")


@pytest.mark.anywhere
def test_without_redis_everybody_is_answered(production: Stack) -> None:
    """Sign-up, sign-in, a guest's first photo, a try-on: while it hangs, and later."""
    site, parts = production
    before = sum(site.states().values())
    person = {"email": f"{uuid.uuid4()}@example.org", "password1": "a long password"}
    guest, files = Visitor(site), {"photo_file": factories.picture_bytes()}
    hangs = parts["redis"].process
    assert hangs is not None
    hangs.send_signal(signal.SIGSTOP)
    assert Visitor(site).post("/account/signup/", **person)[0] == 302
    login = {"login": person["email"], "password": person["password1"]}
    assert Visitor(site).post("/account/login/", **login)[0] == 302
    assert guest.post("/photos/", files, consent="on")[0] == 302
    parts["redis"].stop(signal.SIGKILL)
    files["garment_file"] = factories.picture_bytes()
    asked = {"garment_kind": "upper_body", "token": str(uuid.uuid4())}
    status, leads = guest.post("/try-on/", files, **asked)
    assert status == 302 and leads.startswith("/try-on/")
    parts["redis"].start()
    assert sum(site.states().values()) == before + 1
    site.until(lambda: ready(site) == 200)
    all_home(site)


@pytest.mark.anywhere
def test_s3_is_away(running: Stack) -> None:
    site, parts = running
    parts["s3"].stop(signal.SIGKILL)
    site.until(lambda: ready(site) == 503)
    time.sleep(AWAY)
    parts["s3"].start()
    site.until(lambda: ready(site) == 200)
    all_home(site)


@pytest.mark.anywhere
def test_the_api_is_away(running: Stack) -> None:
    """What was in a POST just then may be uncertain; nothing else, nothing twice."""
    site, _parts = running
    site.kill("sandbox")
    time.sleep(AWAY)
    site.start("sandbox")
    site.until(lambda: site.sandbox() is not None)
    all_home(site)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[LiveSite]:
    """The embedded site, with a database elsewhere than its pictures."""
    with live_site(tmp_path / "site", speed=10) as site:
        site.start_sandbox(seconds=40, spread=0.3)
        yield site


@pytest.mark.anywhere
def test_the_disk_for_pictures_is_full(small: LiveSite) -> None:
    """Pictures that are paid for come home once there is room."""
    folder = made_small_disk(small.folder / "data" / "media", megabytes=12)
    try:
        queue(small, JOBS)
        left = shutil.disk_usage(folder).free
        (folder / "filler").write_bytes(b"x" * (left - 64 * 1024))
        small.start("worker", "beat", "web")
        small.until(small.is_up)
        small.until(lambda: small.states()["fetching"] == JOBS, seconds=60)
        assert small.states()["completed"] < JOBS
        (folder / "filler").unlink()
        none_lost_or_doubled(small, JOBS)
    finally:
        small.kill_all()
        subprocess.run(["umount", str(folder)], check=True)


def made_small_disk(folder: Path, megabytes: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={megabytes}m"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)])
    if done.returncode:
        missing("The right to mount a small disk", "run as root")
    return folder


@pytest.mark.parametrize("step", [300, -300])
def test_the_clock_steps_by_five_minutes(small: LiveSite, step: int) -> None:
    shift = small.folder / "shift"
    shift.write_text("0")
    faked = f"PYTHONPATH={CLOCK} CLOCK_SHIFT={shift}"
    for name in ("worker", "beat"):
        small.commands[name] = f"env {faked} {small.commands[name]}"
    small.start("worker", "beat")
    queue(small, JOBS)
    small.until(lambda: small.states()["processing"] >= 3)
    shift.write_text(str(step))
    none_lost_or_doubled(small, JOBS)


NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1;
events {{}}
http {{
  access_log off; client_max_body_size 80m;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream webs {{
    server 127.0.0.1:{one} max_fails=0; server 127.0.0.1:{two} max_fails=0;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://webs; proxy_set_header Host $host; proxy_connect_timeout 5s;
      proxy_next_upstream error timeout;
    }}
  }}
}}
"""


def ask(site: LiveSite, sql: str) -> None:
    with psycopg.connect(site.env["DATABASE_URL"], autocommit=True) as server:
        server.execute(sql)


def checked_out(commit: str, folder: Path) -> Path:
    """The code of that commit, of this repository."""
    folder.mkdir()
    archive = subprocess.run(
        ["git", "archive", commit], cwd=BASE_DIR, check=True, capture_output=True
    )
    subprocess.run(["tar", "-x"], cwd=folder, check=True, input=archive.stdout)
    return folder


@pytest.mark.anywhere
def test_a_rolling_restart_fails_nobody(running: Stack, tmp_path: Path) -> None:
    """Two web processes behind nginx and two workers, one after the other.

    ``FROM_COMMIT=abc1234 LAST_MIGRATION=0028`` makes it an upgrade: all run that code
    first, on tables of that migration, and are led to this one's meanwhile.
    """
    site, _parts = running
    if shutil.which("nginx") is None:
        missing("nginx", "apt-get install nginx-light")
    if FROM_COMMIT:
        all_home(site)
        ask(site, "UPDATE tryon_planner SET submits_paused_at = now()")
        queue(site, JOBS, first=sum(site.states().values()))
        site.manage("migrate", "tryon", LAST_MIGRATION)
        site.code = checked_out(FROM_COMMIT, tmp_path / "code")
        site.manage("collectstatic", "--noinput", "--verbosity", "0")
        site.stop("web", "worker", "beat")  # whoever supervises starts the last two
        site.start("web")
    port, other = free_pair()
    site.commands["web-2"] = site.commands["web"].replace("${PORT:-8000}", str(other))
    site.commands["worker-2"] = site.commands["worker"]
    folder = tmp_path / "nginx"
    folder.mkdir()
    conf = NGINX.format(folder=folder, one=site.port, two=other, port=port)
    (folder / "conf").write_text(conf)
    site.commands["nginx"] = f"nginx -p {folder} -c {folder / 'conf'}"
    site.start("web-2", "worker-2", "nginx")

    def up(number: int) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{number}/readyz", timeout=5).ok
        except requests.RequestException:
            return False

    site.until(lambda: up(other) and up(port))
    with visitors(site, port) as answers, visitors(site, port, "/try-on/") as others:
        if FROM_COMMIT:
            ask(site, "UPDATE tryon_planner SET submits_paused_at = NULL")
            site.until(lambda: site.states()["processing"] >= 3)
            site.code = BASE_DIR
            site.manage("migrate", "--noinput")
        for web, number in (("web", site.port), ("web-2", other)):
            site.stop(web)
            site.start(web)
            site.until(partial(up, number))
        for name in ("worker", "worker-2", "beat"):
            site.stop(name)  # whoever supervises it starts it again
    site.stop("web-2", "worker-2", "nginx")
    assert len(answers) > 20
    assert set(answers) | set(others) == {200}
    all_home(site)
