"""The API's answers as small typed objects.

Documentation: "Response", "How To Get Process Status", "Response Fields". Where it
contradicts itself, both forms are read.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

from .body import JSON, MAX_DETAIL, excerpt, parse_body, parse_time
from .errors import MayHaveArrived
from .meaning import error_from
from .redact import redact

# Our own pictures under addresses that need no key: never kept.
PRIVATE_FIELDS = ("humanImagePath", "clothImagePath", "bottomClothImagePath")
# "Response Fields", the example, and "Task Status": each may have the result's address.
RESULT_FIELDS = ("resultImagePath", "processedUrl", "download_signed_url")


class JobState(StrEnum):
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


# Documented are PENDING, COMPLETED and FAILED; the others are words of the same sense.
WORDS = {
    **dict.fromkeys(("PENDING", "PROCESSING", "QUEUED"), JobState.RUNNING),
    **dict.fromkeys(("RUNNING", "IN_PROGRESS", "IN_QUEUE"), JobState.RUNNING),
    "COMPLETED": JobState.COMPLETED,
    **dict.fromkeys(("FAILED", "ERROR", "REJECTED", "EXPIRED"), JobState.FAILED),
    **dict.fromkeys(("CANCELLED", "CANCELED"), JobState.FAILED),
}


@dataclass(frozen=True)
class Accepted:
    """The answer to a submit."""

    remote_id: str
    created_at: datetime | None


@dataclass(frozen=True)
class Polled:
    """The answer to a poll. `result_url` is absolute, empty if none was given.

    `odd_word`: what the API called the end, if no documentation has it.
    """

    state: JobState
    result_url: str
    error_message: str
    seconds: float | None
    raw: dict[str, JSON]
    odd_word: str = ""


def read_accepted(status: int, body: bytes) -> Accepted:
    """Documentation, "Response (Case 1)"; a charge without id is `MayHaveArrived`."""
    _answer, data = _success(status, body, "submit")
    remote_id = _id(data.get("jobId")) or _id(data.get("id"))
    if not remote_id:
        raise MayHaveArrived(
            f"accepted without a job id: {excerpt(body)}", status=status
        )
    return Accepted(remote_id, parse_time(data.get("createdAt")))


def _id(value: object) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return ""
    return str(value).strip()[:200]


def read_polled(status: int, body: bytes, base_url: str) -> Polled:
    """Documentation, "Response Example".

    An unknown status is still running, unless a result's address stands beside it:
    then it is another word for the end.
    """
    answer, data = _success(status, body, "poll")
    if not data.get("status"):
        raise MayHaveArrived(f"no status in: {excerpt(body)}", status=status)
    word = str(data["status"]).strip()
    state = WORDS.get(word.upper().replace(" ", "_").replace("-", "_"))
    addresses = find_result_addresses(answer, base_url)
    odd_word = redact(word)[:60] if state is None and addresses else ""
    if state is None:
        state = JobState.COMPLETED if addresses else JobState.RUNNING
    return Polled(
        state=state,
        result_url=addresses[0] if addresses else "",
        error_message=redact(str(data.get("errorMessage") or ""))[:MAX_DETAIL],
        seconds=_seconds(data),
        raw=leave_out(
            {**answer, "data": leave_out(data, PRIVATE_FIELDS)}, PRIVATE_FIELDS
        ),
        odd_word=odd_word,
    )


def find_result_addresses(answer: dict[str, JSON], base_url: str) -> list[str]:
    """Each address of the result that a poll's answer names, absolute, once."""
    data = _data(answer)
    values = [data.get(name) for name in RESULT_FIELDS]
    urls = [url.strip() for url in values if isinstance(url, str)]
    addresses = [_absolute(url, base_url) for url in urls if url]
    return list(dict.fromkeys(url for url in addresses if url))


def leave_out(fields: dict[str, JSON], names: tuple[str, ...]) -> dict[str, JSON]:
    return {name: value for name, value in fields.items() if name not in names}


def _absolute(url: str, base_url: str) -> str:
    """Empty if it is no address at all."""
    try:
        absolute = urljoin(base_url + "/", url)
        return absolute if urlsplit(absolute).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _seconds(data: dict[str, JSON]) -> float | None:
    """From creation to completion; the processing alone leaves out the waiting."""
    start = parse_time(data.get("createdAt"))
    start = start or parse_time(data.get("processingStartedAt"))
    end = parse_time(data.get("processingCompletedAt"))
    return (end - start).total_seconds() if start and end else None


def _data(answer: dict[str, JSON]) -> dict[str, JSON]:
    data = answer.get("data")
    return data if isinstance(data, dict) else answer


def _success(
    status: int, body: bytes, request: str
) -> tuple[dict[str, JSON], dict[str, JSON]]:
    """The whole answer, and what it says of the job."""
    answer = parse_body(body)
    if not 200 <= status < 300 or (answer and answer.get("success") is False):
        raise error_from(status, body)
    # A page may be JSON, too, with a status or an id of its own.
    if answer is None or not (
        isinstance(answer.get("data"), dict) or "success" in answer or "jobId" in answer
    ):
        raise MayHaveArrived(
            f"unreadable answer to a {request}: {excerpt(body)}", status=status
        )
    return answer, _data(answer)
