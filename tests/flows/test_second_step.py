"""Secrets of the second step that an earlier version has left plain."""

from pathlib import Path

from tests import databases
from tests.house import house

LEFT = """
from allauth.mfa.models import Authenticator
from tryon.models import User
user = User.objects.create_user("alice@example.org", "a long password")
Authenticator.objects.create(user=user, type="totp", data={"secret": "A" * 32})
"""
LIES = "SELECT data FROM mfa_authenticator"


def test_a_worker_seals_them_at_its_start(tmp_path: Path) -> None:
    with house(tmp_path) as made:
        made.manage("shell", "-v", "0", "-c", LEFT)

        def stored() -> str:
            return str(databases.ask(made.env, LIES))

        assert "A" * 32 in stored()
        made.start("worker")
        made.until(lambda: "sealed:" in stored())
        assert "A" * 32 not in stored()
