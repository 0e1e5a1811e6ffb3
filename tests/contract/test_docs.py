"""docs/api.md: its lists are those of the code, and its first pictures are made."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.live import BIN, live_site
from tryon.api.problems import KINDS
from tryon.demo import FOLDER
from tryon.models import EventType, FailureCode, Scope
from vto_site.env import BASE_DIR

pytestmark = pytest.mark.anywhere
TEXT = (BASE_DIR / "docs" / "api.md").read_text()
SKU = "FR-1042"
DELAYS = r"5 seconds, 5 and 30\s+minutes, 2, 5, 10, 14, 20 and 24 hours"


def section(title: str) -> set[str]:
    """The words in code of a section's table."""
    part = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    cells = [cell for row in rows[2:] for cell in row.split("|")[1:3]]
    return set(re.findall(r"`([a-z_.-]+)`", " ".join(cells)))


def test_every_code_and_event_is_there():
    assert section("Errors") == set(KINDS)
    assert section("Why a try-on failed") == set(FailureCode.values)
    assert section("Webhooks") == set(EventType.values)
    assert section("Keys") == set(Scope.values)
    assert re.search(DELAYS, TEXT)
    statuses = TEXT.partition("\n## Errors\n")[2].partition("\n## ")[0]
    for code, kind in KINDS.items():
        row = next(line for line in statuses.splitlines() if f"`{code}`" in line)
        assert str(kind.status) in row.split("|")[1], code


def snippet(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with live_site(tmp_path_factory.mktemp("site"), speed=10) as site:
        site.start_sandbox(plain=True, seconds=10)
        site.start("web", "worker", "beat")
        site.until(site.is_up)
        scopes = ("--scopes", "try-ons,catalogue")
        site.secret = site.manage("shop_key", "docs", *scopes).stdout.strip()
        with next((FOLDER / "garments").glob("*.jpg")).open("rb") as piece:
            requests.put(
                f"{site.url}/api/v1/garments/{SKU}",
                headers={"Authorization": f"Bearer {site.secret}"},
                data={"name": "Piece", "kind": "upper_body"},
                files={"file": piece},
                timeout=30,
            ).raise_for_status()
        yield site


@pytest.mark.parametrize("language", ["sh", "python", "js"])
def test_the_first_picture(site, tmp_path, language):
    person = sorted((FOLDER / "people").glob("*.jpg"))[0]
    shutil.copy(person, tmp_path / "me.jpg")
    name = {"sh": "first.sh", "python": "first.py", "js": "first.mjs"}[language]
    (tmp_path / name).write_text(snippet(language))
    program = {
        "sh": ["sh", "-eu"],
        "python": [sys.executable],
        "js": [str(BIN / "node")],
    }[language]
    env = {"SITE": site.url, "KEY": site.secret, "SKU": SKU}
    path = f"{_jq(tmp_path)}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*program, name],
        cwd=tmp_path,
        env={**os.environ, **env, "PATH": path},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "picture.jpg").read_bytes()[:3] == b"\xff\xd8\xff"


def _jq(folder: Path) -> Path:
    """What `jq -r .id` does, where there is no jq."""
    program = folder / "bin" / "jq"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\nprint(json.load(sys.stdin)['id'])\n"
    )
    program.chmod(0o755)
    return program.parent
