"""Nothing in DATA_DIR can be read by anybody else, whatever the umask."""

import os
import stat
from pathlib import Path

import pytest

from tests.live import LiveSite, live_site
from tests.vto_site.test_settings import run
from tryon.sandbox.jobs import Options, State
from vto_site import private

LOCAL = dict.fromkeys(
    ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "AWS_STORAGE_BUCKET_NAME"), ""
)
SANDBOX = {"MIRAGIC_API_KEYS": "", "MIRAGIC_BASE_URL": ""}


@pytest.fixture
def open_handed():
    """A shell that lets everybody read and write whatever it makes."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> list[str]:
    every = [folder, *folder.rglob("*")]
    return [str(p) for p in every if not p.is_symlink() and p.stat().st_mode & 0o077]


@pytest.mark.anywhere
def test_a_house_that_has_worked_leaves_nothing_open(tmp_path, open_handed):
    with live_site(tmp_path, speed=10, **LOCAL, **SANDBOX) as site:
        site.sandbox_port = site.port + 1
        site.sandbox_url = f"http://127.0.0.1:{site.sandbox_port}"
        data = tmp_path / "data"
        site.start_sandbox(keep=str(data / "sandbox"))
        site.manage("demo")
        site.start("worker", "beat", "web")
        site.until(site.is_up)
        site.until(lambda: site.states()["completed"] >= 4)
        site.kill("worker")
        site.until(lambda: list(data.glob("broker/messages/*.msg")))
        site.kill_all()  # nothing comes or goes while we look
        seen = {str(path.relative_to(data)) for path in data.rglob("*")}
        assert {"db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"} <= seen
        assert {"demo-accounts.json", "broker/taken"} <= seen
        for kind in ("media/*.jpg", "media/*.webp", "broker/control/*.binding"):
            assert list(data.glob(kind)), kind
        assert (data / "sandbox").is_dir()
        assert open_to_others(data) == []


def test_the_sandbox_keeps_its_pictures_to_itself(tmp_path, open_handed):
    """A job's file goes with its answer: hard to meet above."""
    state = State(Options(keep=str(tmp_path / "sandbox")))
    state.create("key", "single", {"humanImage": b"somebody"})
    assert len(list(tmp_path.glob("sandbox/*.json"))) == 1
    assert open_to_others(tmp_path / "sandbox") == []


@pytest.mark.anywhere
def test_an_older_installation_is_closed_at_the_next_start(tmp_path, open_handed):
    """Its files were made for everybody to read."""
    data = tmp_path / "data"
    (data / "media").mkdir(parents=True)
    (data / "sandbox").mkdir()
    site = LiveSite(tmp_path, **LOCAL)
    for name in ("db.sqlite3", "media/photo-x.jpg", "sandbox/x.json", "program"):
        (data / name).touch()
    (data / "program").chmod(0o755)
    site.manage("migrate", "--verbosity", "0")
    assert open_to_others(data) == []
    assert (data / "program").stat().st_mode & stat.S_IXUSR


def test_a_database_that_was_put_back_is_closed(tmp_path, open_handed):
    """`cp` makes it as the shell says; the folder is closed already."""
    run(tmp_path, "settings.DEBUG", DEBUG="1")
    database = tmp_path / "data" / "db.sqlite3"
    assert database.stat().st_mode & 0o077 == 0
    database.chmod(0o644)
    run(tmp_path, "settings.DEBUG", DEBUG="1")
    assert database.stat().st_mode & 0o077 == 0


def test_a_database_elsewhere_is_private_too(tmp_path, open_handed):
    elsewhere = tmp_path / "elsewhere.sqlite3"
    run(tmp_path, "settings.DEBUG", DEBUG="1", DATABASE_URL=f"sqlite:///{elsewhere}")
    assert elsewhere.stat().st_mode & 0o077 == 0


def test_a_shared_folder_and_what_links_lead_to_are_left_alone(tmp_path):
    shared, foreign = tmp_path / "shared", tmp_path / "foreign"
    foreign.mkdir(mode=0o755)
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "link").symlink_to(foreign)
    private.make_private(shared, shared / "media")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777
    assert stat.S_IMODE(foreign.stat().st_mode) == 0o755
    assert stat.S_IMODE((shared / "media").stat().st_mode) == 0o700


def test_a_walk_that_was_killed_is_done_again(tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    for number in range(3):
        (data / f"media-{number}").touch(mode=0o644)
    closed = private.close

    def killed(path: Path) -> None:
        if path.name == "media-2":
            raise KeyboardInterrupt
        closed(path)

    monkeypatch.setattr(private, "close", killed)
    with pytest.raises(KeyboardInterrupt):
        private.make_private(data)
    monkeypatch.undo()
    private.make_private(data)
    assert open_to_others(data) == []
