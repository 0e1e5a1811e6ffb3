import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.tryon.feeds import shop as shops
from tryon.feeds import fetching


@pytest.fixture
def shop(db, settings):
    settings.DEBUG = True  # its pictures are on this machine
    fetching.pace.__init__()
    with shops.opened() as shop:
        yield shop


@pytest.fixture
def sync(shop):
    """`manage.py sync_feed --json ADDRESS`: its code and what it told."""

    def run(*args: str, source: str | None = None) -> tuple[int, dict[str, Any]]:
        out, code = StringIO(), 0
        try:
            source = shop.address if source is None else source
            call_command("sync_feed", source, "--json", *args, stdout=out)
        except SystemExit as end:
            code = int(end.code or 0)
        except CommandError as error:
            code = error.returncode
        return code, json.loads(out.getvalue())

    return run
