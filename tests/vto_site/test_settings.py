"""Settings in processes of their own, since they are read once."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vto_site.env import BASE_DIR

pytestmark = pytest.mark.anywhere

SHOW = "from django.conf import settings; print({})"


def run(tmp_path: Path, expression: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", SHOW.format(expression)],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": "",
            "DJANGO_SETTINGS_MODULE": "vto_site.settings",
            "DATA_DIR": str(tmp_path / "data"),
            **env,
        },
    )


def test_refuses_to_start_without_key_and_debug(tmp_path):
    done = run(tmp_path, "settings.DEBUG")
    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr


def test_nothing_set_but_debug_runs_on_the_sandbox(tmp_path):
    done = run(tmp_path, "settings.MIRAGIC_BASE_URL", DEBUG="1", PORT="9000")
    assert done.stdout.strip() == "http://127.0.0.1:9001"
    assert (tmp_path / "data" / "media").is_dir()


def test_a_key_means_the_real_api(tmp_path):
    key = "sk_live_" + "x" * 43
    shown = run(tmp_path, "settings.MIRAGIC_BASE_URL", DEBUG="1", MIRAGIC_API_KEYS=key)
    assert shown.stdout.strip() == "https://backend.miragic.ai"


def test_https_switches_the_secure_settings_on(tmp_path):
    expression = "(settings.SECURE_SSL_REDIRECT, settings.SESSION_COOKIE_SECURE)"
    done = run(tmp_path, expression, SECRET_KEY="k" * 50, SITE_URL="https://x.example")
    assert done.stdout.strip() == "(True, True)"


def test_how_far_https_is_insisted_on_is_the_operators_choice(tmp_path):
    names = ("SECONDS", "INCLUDE_SUBDOMAINS", "PRELOAD")
    expression = ", ".join(f"settings.SECURE_HSTS_{name}" for name in names)
    secure = {"SECRET_KEY": "k" * 50, "SITE_URL": "https://x.example"}
    assert run(tmp_path, expression, **secure).stdout == "31536000 False False\n"
    chosen = {"HSTS_SECONDS": "60", "HSTS_SUBDOMAINS": "1", "HSTS_PRELOAD": "1"}
    assert run(tmp_path, expression, **secure, **chosen).stdout == "60 True True\n"


def test_production_static_names_are_hashed(tmp_path):
    expression = "settings.STORAGES['staticfiles']['BACKEND']"
    done = run(tmp_path, expression, SECRET_KEY="k" * 50)
    assert done.stdout.strip() == "vto_site.storage.StaticStorage"


def test_the_example_names_every_variable():
    """`.env.example` explains each setting that the program reads."""
    source = (BASE_DIR / "vto_site" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_0-9]+)"', source))
    told = set(
        re.findall(r"^#? ?([A-Z_0-9]+)=", (BASE_DIR / ".env.example").read_text(), re.M)
    )
    assert len(read) > 30
    assert read <= told
