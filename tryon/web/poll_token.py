"""A page's proof of whose cards it shows, so that a poll needs no session.

It tells no more than how far pictures are whose names the page knows already.
"""

from django.core import signing

from ..models import User

SALT = "looker"
LIFETIME = 24 * 3600  # seconds


def sign_owner(owner: User | None) -> str:
    return signing.dumps(owner.pk, salt=SALT) if owner else ""


def read_owner(proof: str) -> int | None:
    """The owner's key, or None for a proof that is none or too old."""
    try:
        pk: int = signing.loads(proof, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    return pk
