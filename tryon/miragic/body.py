"""From bytes to values that can be stored, whatever the bytes are.

An accepted submit is money: one odd character in its answer must not lose it.
"""

import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from .redact import redact

ADDRESS = re.compile(r"https?:\\?/\\?/[^\s\"'<>]*")
# Whatever JSON can hold, as Python reads it.
JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

MAX_DETAIL = 500  # characters of a foreign text that are kept
LONGEST_PAUSE = 86400.0  # seconds; no limit lasts longer, more is a mistake
FIRST_NUMBER = re.compile(r"\s*([-+]?\d+(?:\.\d*)?)\s*(?:s|secs?|seconds?)?\s*([,;]|$)")
UNIX_TIMES = 1e9  # what is more is no number of seconds to wait


def parse_body(body: bytes) -> dict[str, JSON] | None:
    """The JSON object in `body`, or None if it holds no such thing.

    With a byte order mark, or a few wrong bytes in a text, it is read all the same.
    Of a name that comes twice the last counts, as everywhere.
    """
    try:
        text = body.decode(json.detect_encoding(body), "replace")
        parsed = _storable(json.loads(text))
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _storable(value: JSON) -> JSON:
    """The same without what no database takes: NUL, half characters, NaN."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_clean(name): _storable(one) for name, one in value.items()}
    return value


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def excerpt(body: bytes) -> str:
    """A foreign text, short, and without addresses: ours could be among them."""
    text = redact(body[:MAX_DETAIL].decode("utf-8", "replace"))
    return ADDRESS.sub("(address)", text).strip()


def parse_time(value: object) -> datetime | None:
    """ISO 8601 text (the examples) or a Unix number (the field table), s or ms."""
    if isinstance(value, str):
        try:
            return _from_unix(float(value))
        except ValueError:
            pass
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            return None
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_unix(value)
    return None


def _from_unix(number: float) -> datetime | None:
    try:
        seconds = number / 1000 if abs(number) > 1e11 else number
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):  # NaN and infinity, too
        return None


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header: a number or an HTTP date (RFC 9110).

    Of a header that came twice the first counts; a number that can only be a moment
    is one.
    """
    number = FIRST_NUMBER.match(value or "")
    if number:
        seconds = float(number[1])
        if seconds >= UNIX_TIMES:
            when = _from_unix(seconds)
            seconds = (when - now).total_seconds() if when else math.nan
    else:
        try:
            when = parsedate_to_datetime(value or "")
        except (ValueError, OverflowError):
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_PAUSE) if math.isfinite(seconds) else None
