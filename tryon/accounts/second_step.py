"""Secrets of the second step, sealed where they lie: a copy of the database alone
signs nobody in."""

import logging

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from ..models.sealed import Seal, Unreadable

logger = logging.getLogger(__name__)

# What of an authenticator's data is secret, by its type.
TOTP, CODES = Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES
SECRETS = {TOTP: "secret", CODES: "seed"}
_seal = Seal("second step")
seal, unseal = _seal.seal, _seal.unseal


def seal_all() -> None:
    """What lies plain or under an earlier key. What cannot be read stays as it is.

    Each worker does it at its start, not `release`: the web processes that know
    nothing of seals are gone by then.
    """
    name, _fernet = _seal.find_key(settings.SECRET_KEY)
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
