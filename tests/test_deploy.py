"""With a shop's production settings there is nothing left to complain of."""

import os
import subprocess
import sys

import pytest

from vto_site.env import BASE_DIR

pytestmark = pytest.mark.anywhere

PRODUCTION = {
    "PATH": os.environ["PATH"],
    "ENV_FILE": "",
    "SECRET_KEY": "p" * 30 + "roduction-0123456789-" * 2,
    "SITE_URL": "https://tryon.example.org",
    "TRUSTED_PROXIES": "127.0.0.1",
    "MIRAGIC_API_KEYS": "sk_live_" + "p" * 43,
    "DJANGO_SETTINGS_MODULE": "vto_site.settings",
}


def check(tmp_path, **env) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"],
        cwd=BASE_DIR,
        env={**PRODUCTION, "DATA_DIR": str(tmp_path / "data"), **env},
        capture_output=True,
        text=True,
    )


def test_check_deploy_is_silent(tmp_path):
    done = check(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    "env",
    [
        {"DEBUG": "1"},
        {"SITE_URL": "http://tryon.example.org"},
        {"TRUSTED_PROXIES": ""},
        {"TRUSTED_PROXIES": "proxy.example.org"},
    ],
)
def test_it_speaks_up_for_less(tmp_path, env):
    assert check(tmp_path, **env).returncode != 0


def test_without_a_secret_nothing_starts(tmp_path):
    done = check(tmp_path, SECRET_KEY="")
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr
