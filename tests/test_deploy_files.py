"""What docs/deploy says is what the Procfile does; `make image-test` runs the image."""

import re
import subprocess

import pytest
import yaml

from tests.conftest import missing, which
from vto_site.env import BASE_DIR

DEPLOY = BASE_DIR / "docs" / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
HOME = "/srv/fitting-room"


def procfile() -> dict[str, str]:
    lines = (BASE_DIR / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def composed() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]


def test_the_image_runs_the_procfiles_web():
    (command,) = re.findall(r"^CMD (.*)", (DEPLOY / "Dockerfile").read_text(), re.M)
    assert command == f"exec {procfile()['web']}"


def test_compose_runs_what_the_procfile_does():
    services = composed()
    assert set(services) == {*procfile(), "postgres", "redis"}
    assert "command" not in services["web"]  # the image's own
    assert services["worker"]["command"] == procfile()["worker"]
    assert services["beat"]["command"] == procfile()["beat"]
    # Static files are in the image.
    migrate, table, _static = procfile()["release"].split(" && ")
    assert services["release"]["command"] == f'sh -c "{migrate} && {table}"'


def test_compose_starts_nothing_before_its_tables_are_there():
    services = composed()
    first = {"release": {"condition": "service_completed_successfully"}}
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"] == first
        assert services[name]["restart"] == "always"
        assert services[name]["volumes"] == ["media:/data"]
    before = services["release"]["depends_on"]
    assert before["postgres"] == {"condition": "service_healthy"}
    assert "healthcheck" in services["postgres"]


def test_nothing_that_git_ignores_comes_into_the_image():
    """Secrets and data lie beside the code."""
    ignored = (BASE_DIR / ".gitignore").read_text().split()
    assert ".env" in ignored and "var/" in ignored
    left_out = (BASE_DIR / ".dockerignore").read_text().splitlines()
    for pattern in (*ignored, ".git"):
        within = pattern.split("/")[0] + "/" if "/" in pattern[:-1] else None
        assert {f"**/{pattern}", pattern, within} & set(left_out), pattern


def test_units_run_what_the_procfile_does():
    assert [unit.stem for unit in UNITS] == [
        f"fitting-room-{name}" for name in ("beat", "web", "worker")
    ]
    for unit in UNITS:
        (command,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.M)
        wanted = procfile()[unit.stem.rpartition("-")[2]]
        wanted = wanted.replace("${HOST:-127.0.0.1}", "127.0.0.1")
        wanted = wanted.replace("${PORT:-8000}", "8000")
        assert command == f"{HOME}/.venv/bin/{wanted}"


@pytest.mark.anywhere
def test_systemd_finds_nothing_wrong_in_the_units(tmp_path):
    program = which("systemd-analyze")
    if program is None:
        missing("systemd-analyze", "apt-get install systemd")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("granian", "celery"):
        (programs / name).symlink_to("/bin/true")
    for unit in UNITS:
        text = unit.read_text().replace(HOME, str(tmp_path))
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        [program, "verify", "--recursive-errors=no", *tmp_path.glob("*.service")],
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
