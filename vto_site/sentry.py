"""Error reports to Sentry, where a shop has set one up: never a key, photo or name."""

import json
from typing import TYPE_CHECKING

import sentry_sdk

from tryon.miragic.redact import redact

if TYPE_CHECKING:
    from sentry_sdk.types import Event


def report_to(dsn: str) -> None:
    sentry_sdk.init(
        dsn=dsn,
        before_send=remove_secrets,
        max_request_body_size="never",
        include_local_variables=False,
        traces_sample_rate=0,
    )


def remove_secrets(event: "Event", hint: object) -> "Event":
    """Keys cut out, and the address, which may hold a share's secret."""
    request = event.get("request", {})
    for name in ("url", "query_string", "cookies", "data"):
        request.pop(name, None)
    clean: Event = json.loads(redact(json.dumps(event, default=str)))
    return clean
