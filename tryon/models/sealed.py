"""Secrets that have to be read again, sealed where they lie: a copy of the database
alone tells none.

The keys are derived from SECRET_KEY and SECRET_KEY_FALLBACKS. What is sealed names its
key, so that the database can be asked for what lies plain or under an earlier one.
"""

import base64
import logging
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

logger = logging.getLogger(__name__)

SEALED = "sealed:"


class Unreadable(Exception):
    """Sealed with a key that is not ours, or not what was written."""


class Seal:
    """`purpose`: what is sealed for one is not read for another."""

    def __init__(self, purpose: str):
        self.purpose = purpose

    def seal(self, text: str) -> str:
        name, key = self.find_key(settings.SECRET_KEY)
        return name + key.encrypt(text.encode()).decode()

    def unseal(self, text: str) -> str:
        """Raises `Unreadable`. What was written before anything was sealed is plain."""
        if not text.startswith(SEALED):
            return text
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            name, key = self.find_key(secret)
            if text.startswith(name):
                try:
                    return key.decrypt(text.removeprefix(name)).decode()
                except InvalidToken:
                    raise Unreadable from None
        raise Unreadable

    def find_key(self, secret: str) -> tuple[str, Fernet]:
        """What the texts that it sealed begin with, and the key itself."""
        return _derive(secret, self.purpose)


@cache
def _derive(secret: str, purpose: str) -> tuple[str, Fernet]:
    info = f"fitting room: {purpose}".encode()
    key = HKDF(SHA256(), length=36, salt=None, info=info).derive(secret.encode())
    return f"{SEALED}{key[:4].hex()}:", Fernet(base64.urlsafe_b64encode(key[4:]))


class SealedText(models.TextField):  # type: ignore[type-arg]
    """Plain in the program, sealed in the database; empty if it cannot be read."""

    def from_db_value(self, value: str, *_where: object) -> str:
        try:
            return _seal.unseal(value)
        except Unreadable:
            logger.error(
                "%s was sealed with another SECRET_KEY: put it into "
                "SECRET_KEY_FALLBACKS",
                self,
            )
            return ""

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return _seal.seal(value) if value else value


_seal = Seal("secrets")
