"""Private storage: random names, no public address, served after a check.

Pages link ``/media/<name>``; `views.media` decides who may see it.
"""

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.urls import reverse

NAME = re.compile(
    r"(?P<stem>(?P<kind>photo|garment|result)-[A-Za-z0-9_-]{22})"
    r"(?:-(?:480|960|changed)\.webp|\.jpg)"
)


class Away(Exception):
    """Storage does not take or give anything now: full, or not to be reached."""


@contextmanager
def translate_errors() -> Iterator[None]:
    """Whatever storage raises is `FileNotFoundError` or `Away`."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, BotoCoreError, ClientError) as error:
        raise Away(str(error)) from error


def make_stem(kind: str) -> str:
    """A name nobody can guess: 128 random bits behind the kind."""
    return f"{kind}-{secrets.token_urlsafe(16)}"


def build_url(name: str) -> str:
    return reverse("media", args=[name])


def save(name: str, content: "File[bytes]") -> None:
    """Write a file; one that is there under this name is overwritten. Raises `Away`."""
    with translate_errors():
        default_storage.save(name, content)


def is_there() -> bool:
    """Whether storage answers at all."""
    try:
        with translate_errors():
            default_storage.exists("readyz")
    except Away:
        return False
    return True


def open_file(name: str) -> "File[bytes]":
    """Raises `FileNotFoundError` when the file is gone, `Away`."""
    with translate_errors():
        return default_storage.open(name)


def read(name: str) -> bytes:
    """Raises `FileNotFoundError` when the file is gone, `Away`."""
    with translate_errors(), open_file(name) as file:
        data: bytes = file.read()
    return data


def copy(name: str, target: IO[bytes]) -> None:
    """Into a file of one's own, from its beginning. Raises as `read`."""
    with translate_errors(), open_file(name) as file:
        shutil.copyfileobj(file, target)
    target.seek(0)


def delete(names: list[str]) -> None:
    """Delete each file; one that is not there is no error. Raises `Away`."""
    with translate_errors():
        for name in names:
            default_storage.delete(name)
