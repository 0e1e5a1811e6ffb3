"""The API's answers as small typed objects, and errors from its error answers.

Documentation: "Response", "How To Get Process Status", "Response Fields". Where it
contradicts itself, both forms are read.
"""

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urljoin

from .errors import (
    KeyRefused,
    MayHaveArrived,
    MiragicError,
    NotArrived,
    OutOfCredits,
    RateLimited,
    Refused,
)
from .redact import redact

# Our own pictures under addresses that need no key: never kept.
PRIVATE_FIELDS = ("humanImagePath", "clothImagePath", "bottomClothImagePath")
RESULT_FIELDS = ("resultImagePath", "processedUrl", "download_signed_url")
ADDRESS = re.compile(r"https?:\\?/\\?/[^\s\"'<>]*")
MAX_DETAIL = 500  # characters of a foreign text that are kept


class JobState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class Accepted:
    """The answer to a submit."""

    remote_id: str
    created_at: datetime | None


@dataclass(frozen=True)
class Looked:
    """The answer to a look. `result_url` is absolute, empty if none was given."""

    state: JobState
    result_url: str
    error_message: str
    seconds: float | None
    raw: dict[str, Any]


def parse_body(body: bytes) -> dict[str, Any] | None:
    """The JSON object in `body`, or None if it holds no such thing."""
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


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
    if not math.isfinite(number):
        return None
    seconds = number / 1000 if abs(number) > 1e11 else number
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header: a number or an HTTP date (RFC 9110)."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - now).total_seconds()
    # A day is longer than any limit lasts; more is a mistake of the sender.
    return min(max(seconds, 0.0), 86400.0) if math.isfinite(seconds) else None


def accepted(status: int, body: bytes) -> Accepted:
    """Documentation, "Response (Case 1)"; a charge without id is `MayHaveArrived`."""
    answer = _success(status, body, "submit")
    data = _data(answer)
    remote_id = data.get("jobId") or data.get("id")
    if not isinstance(remote_id, str | int) or isinstance(remote_id, bool):
        raise MayHaveArrived(
            f"accepted without a job id: {_excerpt(body)}", status=status
        )
    return Accepted(str(remote_id)[:200], parse_time(data.get("createdAt")))


def looked(status: int, body: bytes, base_url: str) -> Looked:
    """Documentation, "Response Example". An unknown status is still running."""
    answer = _success(status, body, "look")
    data = _data(answer)
    state = {
        "COMPLETED": JobState.COMPLETED,
        "FAILED": JobState.FAILED,
    }.get(str(data.get("status", "")).strip().upper(), JobState.RUNNING)
    if not data.get("status"):
        raise MayHaveArrived(f"no status in: {_excerpt(body)}", status=status)
    url = next(
        (data[f] for f in RESULT_FIELDS if isinstance(data.get(f), str) and data[f]),
        "",
    )
    return Looked(
        state=state,
        result_url=_absolute(url, base_url) if url else "",
        error_message=redact(str(data.get("errorMessage") or ""))[:MAX_DETAIL],
        seconds=_seconds(data),
        raw=without({**answer, "data": without(data, PRIVATE_FIELDS)}, PRIVATE_FIELDS),
    )


def without(fields: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _absolute(url: str, base_url: str) -> str:
    """Empty if it is no address at all."""
    try:
        return urljoin(base_url + "/", url)
    except ValueError:
        return ""


def _seconds(data: dict[str, Any]) -> float | None:
    """From creation to completion; the processing alone leaves out the waiting."""
    start = parse_time(data.get("createdAt"))
    start = start or parse_time(data.get("processingStartedAt"))
    end = parse_time(data.get("processingCompletedAt"))
    return (end - start).total_seconds() if start and end else None


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer.get("data")
    return data if isinstance(data, dict) else answer


def _success(status: int, body: bytes, request: str) -> dict[str, Any]:
    answer = parse_body(body)
    if 200 <= status < 300 and answer is None:
        raise MayHaveArrived(
            f"unreadable answer to a {request}: {_excerpt(body)}", status=status
        )
    if (
        answer is not None
        and 200 <= status < 300
        and answer.get("success") is not False
    ):
        return answer
    raise error_from(status, body, retry_after=None)


def error_from(status: int, body: bytes, retry_after: float | None) -> MiragicError:
    """The named error for an answer that is not a success, at whatever status.

    Errors come nested (``error: {code, message}``) or flat (``message``); with
    ``success: false`` also at status 200.
    """
    answer = parse_body(body)
    own_form = answer is not None and (
        answer.get("success") is False or "error" in answer or "message" in answer
    )
    code, message = _code_and_message(answer or {})
    detail = message or _excerpt(body) or "no text"
    detail = f"{status} {code}: {detail}" if code else f"{status}: {detail}"
    if status == 429 or code in ("RATE_LIMIT_EXCEEDED", "TOO_MANY_REQUESTS"):
        return RateLimited(detail, status=status, retry_after=retry_after)
    if status == 402 or code == "INSUFFICIENT_CREDITS":
        return OutOfCredits(detail, status=status, code=code)
    if status in (401, 403) or code in ("INVALID_API_KEY", "MISSING_API_KEY"):
        return KeyRefused(detail, status=status, code=code)
    if status == 503 and own_form:
        return NotArrived(detail, status=status, code=code)
    if 300 <= status < 400:
        return NotArrived(f"answered by a redirect, {detail}", status=status)
    if status >= 500 or status == 408:
        return MayHaveArrived(detail, status=status, code=code)
    return Refused(detail, status=status, code=code)


def _code_and_message(answer: dict[str, Any]) -> tuple[str, str]:
    error = answer.get("error")
    source = error if isinstance(error, dict) else answer
    code = source.get("code", "")
    message = source.get("message") or (error if isinstance(error, str) else "")
    code = code.strip().upper()[:60] if isinstance(code, str) else str(code)[:60]
    return redact(code), redact(str(message or ""))[:MAX_DETAIL]


def _excerpt(body: bytes) -> str:
    """A foreign text, short, and without addresses: ours could be among them."""
    text = redact(body[:MAX_DETAIL].decode("utf-8", "replace"))
    return ADDRESS.sub("(address)", text).strip()
