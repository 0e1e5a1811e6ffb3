"""Signatures of Standard Webhooks 1.0."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime

from ..models import WebhookEndpoint

PREFIX = "whsec_"


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`secret`: `whsec_` and 32 bytes in base64."""
    key = b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{b64encode(digest).decode()}"


def find_secrets(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """The new one first; the old one too while it is being changed. None where they
    were sealed with another SECRET_KEY."""
    secrets = [endpoint.secret] if endpoint.secret else []
    until = endpoint.old_secret_until
    if endpoint.old_secret and until is not None and until > now:
        secrets.append(endpoint.old_secret)
    return secrets


def build_headers(
    secrets: Iterable[str], message_id: str, now: datetime, body: bytes
) -> dict[str, str]:
    timestamp = int(now.timestamp())
    signatures = [sign(secret, message_id, timestamp, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
