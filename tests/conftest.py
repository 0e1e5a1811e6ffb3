"""What all tests share: a folder for media, the people, and a strict client."""

import contextlib
import io
import os
import re
import shutil
import socket
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.utils import translation
from PIL import Image

from tests import factories, servers
from tryon.models import User
from tryon.sandbox.jobs import Options
from tryon.sandbox.server import Server, serve_in_thread
from tryon.services import consents

NOW = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)


def missing(program: str, how: str) -> None:
    """Skip with a sentence, but with CI=true nothing may skip."""
    sentence = f"{program} is not installed: {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@contextlib.contextmanager
def missing_server() -> Iterator[None]:
    """What a private server lacks, said as `missing` says it."""
    try:
        yield
    except servers.Missing as lacking:
        if os.environ.get("CI") == "true":
            pytest.fail(str(lacking))
        pytest.skip(str(lacking))


@pytest.fixture(autouse=True)
def _media(tmp_path: Path) -> Iterator[None]:
    """Pictures of one test, gone with it; on S3 a folder of its own."""
    default = dict(settings.STORAGES["default"])
    place = tmp_path / "media" if settings.MEDIA_IS_LOCAL else uuid.uuid4().hex
    default["OPTIONS"] = {**default["OPTIONS"], "location": place}
    with override_settings(STORAGES={**settings.STORAGES, "default": default}):
        yield


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[None]:
    """What is only so where pictures lie on the disk."""
    local = "django.core.files.storage.FileSystemStorage"
    place = {"location": tmp_path / "media", "base_url": None, "allow_overwrite": True}
    storages = {**settings.STORAGES, "default": {"BACKEND": local, "OPTIONS": place}}
    with override_settings(STORAGES=storages, MEDIA_IS_LOCAL=True):
        yield


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """A page in German leaves its language to the thread."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """No model's table: without a rollback allauth's limits would stay."""
    marker = request.node.get_closest_marker("django_db")
    stays = marker is not None and marker.kwargs.get("transaction")
    if stays:
        request.getfixturevalue("transactional_db")
    yield
    if stays:
        cache.clear()


@pytest.fixture
def media_files() -> Any:
    """The names of all files in storage, wherever that is."""

    def names() -> list[str]:
        try:
            folders, files = default_storage.listdir("")
        except FileNotFoundError:
            return []
        return sorted(folders + files)

    return names


class StrictClient(Client):
    """Fails on what the content security policy would block, and on stray tags.

    A redirect to a picture in S3 is followed, as a browser does.
    """

    def request(self, **request: Any) -> Any:
        response = super().request(**request)
        leads = response.headers.get("Location", "")
        if not settings.MEDIA_IS_LOCAL and leads.startswith(
            settings.AWS_S3_ENDPOINT_URL
        ):
            found = requests.get(leads, timeout=10)
            kept = {"Cache-Control": response.headers["Cache-Control"]}
            kept["Content-Type"] = found.headers["Content-Type"]
            return HttpResponse(found.content, status=found.status_code, headers=kept)
        kind = response.headers.get("Content-Type", "")
        if not response.streaming and kind.startswith("text/html"):
            html = response.content.decode()
            assert not re.search(r"<script(?![^>]*\bsrc=)", html), "inline script"
            assert not re.search(r"<[^>]+\son[a-z]+=", html), "inline handler"
            if not request["PATH_INFO"].startswith("/admin/"):
                assert not re.search(r"<[^>]+\sstyle=", html), "inline style"
            assert "{{" not in html and "{%" not in html, "stray template tag"
        return response


@pytest.fixture
def client() -> Client:
    return StrictClient()


@pytest.fixture
def alice(db: None) -> User:
    return consenting("alice@example.org")


@pytest.fixture
def bob(db: None) -> User:
    return consenting("bob@example.org")


def consenting(email: str) -> User:
    """A customer who has ticked the box before the first photo."""
    user = User.objects.create_user(email, "a long password")
    consents.give(owner=user, now=NOW)
    return user


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("staff@example.org", "a long password")


@pytest.fixture
def as_alice(alice: User) -> Client:
    client = StrictClient()
    client.force_login(alice)
    return client


@pytest.fixture
def as_bob(bob: User) -> Client:
    client = StrictClient()
    client.force_login(bob)
    return client


@pytest.fixture
def as_staff(staff: User) -> Client:
    client = StrictClient()
    client.force_login(staff)
    return client


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def jpeg() -> bytes:
    return factories.picture_bytes()


@pytest.fixture
def sandbox() -> Iterator[Server]:
    """The stand-in over real HTTP, twenty times as fast, on a port of its own."""
    server = serve_in_thread(Options(speed=20, spread=0.1, seed=1))
    yield server
    server.shutdown()
    server.server_close()


def openvto_assets() -> Path:
    """Photographs from the openvto package, used where they are installed."""
    import openvto

    return Path(openvto.__file__).parent / "assets"


@pytest.fixture
def person_photo() -> bytes:
    """A real photograph of a standing person, PNG."""
    return (openvto_assets() / "avatars" / "1.png").read_bytes()


@pytest.fixture
def shirt_photo() -> bytes:
    return (openvto_assets() / "clothes" / "shirts" / "1_front.jpg").read_bytes()


@pytest.fixture
def pants_photo() -> bytes:
    return (openvto_assets() / "clothes" / "pants" / "1_front.jpg").read_bytes()


def image_of(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def which(program: str) -> str | None:
    return shutil.which(program)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
