"""Secrets of the second step that an earlier version has left plain."""

from pathlib import Path

from tests import databases
from tests.live import live_site

LEFT = """
from allauth.mfa.models import Authenticator
from tryon.models import User
user = User.objects.create_user("alice@example.org", "a long password")
Authenticator.objects.create(user=user, type="totp", data={"secret": "A" * 32})
"""
LIES = "SELECT data FROM mfa_authenticator"


def test_a_worker_seals_them_at_its_start(tmp_path: Path) -> None:
    with live_site(tmp_path) as site:
        site.manage("shell", "-v", "0", "-c", LEFT)

        def stored() -> str:
            return str(databases.ask(site.env, LIES))

        assert "A" * 32 in stored()
        site.start("worker")
        site.until(lambda: "sealed:" in stored())
        assert "A" * 32 not in stored()
