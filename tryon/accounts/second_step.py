"""Secrets of the second step, sealed where they lie: a copy of the database alone
signs nobody in.

The keys are derived from SECRET_KEY and SECRET_KEY_FALLBACKS. What is sealed names its
key, so that the database can be asked for what lies plain or under an earlier one.
"""

import base64
import logging
from functools import cache

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction
from django.db.models import Q

logger = logging.getLogger(__name__)

SEALED = "sealed:"  # no base32 secret and no hexadecimal seed begins so
# What of an authenticator's data is secret, by its type.
TOTP, CODES = Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES
SECRETS = {TOTP: "secret", CODES: "seed"}


class Unreadable(Exception):
    """Sealed with a key that is not ours, or not what was written."""


def seal(text: str) -> str:
    name, key = _key(settings.SECRET_KEY)
    return name + key.encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    """Raises `Unreadable`. A secret from before they were sealed is plain."""
    if not text.startswith(SEALED):
        return text
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        name, key = _key(secret)
        if text.startswith(name):
            try:
                return key.decrypt(text.removeprefix(name)).decode()
            except InvalidToken:
                raise Unreadable from None
    raise Unreadable


@cache
def _key(secret: str) -> tuple[str, Fernet]:
    """What the texts that it sealed begin with, and the key itself."""
    derive = HKDF(SHA256(), length=36, salt=None, info=b"fitting room: second step")
    key = derive.derive(secret.encode())
    return f"{SEALED}{key[:4].hex()}:", Fernet(base64.urlsafe_b64encode(key[4:]))


def seal_all() -> None:
    """What lies plain or under an earlier key. What cannot be read stays as it is.

    Each worker does it at its start, not `release`: the web processes that know
    nothing of seals are gone by then.
    """
    name, _fernet = _key(settings.SECRET_KEY)
    waiting = Authenticator.objects.filter(
        Q(type=TOTP) & ~Q(data__secret__startswith=name)
        | Q(type=CODES) & ~Q(data__seed__startswith=name)
    )
    unreadable = 0
    for pk in waiting.values_list("pk", flat=True):
        with transaction.atomic():
            row = waiting.select_for_update().filter(pk=pk).first()
            field = SECRETS[Authenticator.Type(row.type)] if row else ""
            if row is None or field not in row.data:
                continue
            try:
                row.data[field] = seal(unseal(row.data[field]))
            except Unreadable:
                unreadable += 1
                continue
            row.save(update_fields=["data"])
    if unreadable:
        logger.error(
            "%s second steps were sealed with another SECRET_KEY: put it into "
            "SECRET_KEY_FALLBACKS, or delete them in the admin",
            unreadable,
        )
