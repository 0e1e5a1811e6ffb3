"""What an answer that is no success means. The one place that decides it.

A gateway's page is not the API's word: a firewall, a redeploy or a sign-in page may
answer instead of the API, with any status. Only the API's own form may stop a key or
refuse a job: JSON with ``success: false``, or an error or a message that says more
than the status does (nested ``error: {code, message}``, or flat). Everything else is a
page: HTML, text, nothing, JSON that is cut off, a list, another program's object.

And a submit is paid for: it may be sent again only where the API certainly did not
take it.

| status | the API's own form | a page |
| --- | --- | --- |
| 2xx | refused | unclear |
| 301, 302, 307, 308 | not arrived | not arrived |
| 400 | refused | unclear |
| 401 | key refused | not arrived |
| 402 | out of credits | not arrived |
| 403 | key refused; refused, if it is about a picture | not arrived |
| 408 | unclear: who gave up waiting for whom? | unclear |
| 425 | not arrived | not arrived |
| 429 | too many requests | too many requests |
| other 401-429 | refused | not arrived |
| other 4xx | refused | unclear |
| 503 | not arrived | unclear |
| other 5xx, any other | unclear | unclear |

In its own form a known code goes before the status. ``success: true`` beside an error's
status contradicts itself and is unclear.
"""

import re
from http import HTTPStatus

from .body import JSON, MAX_DETAIL, excerpt, parse_body
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

Meaning = type[MiragicError]

CODES: dict[str, Meaning] = {
    "RATE_LIMIT_EXCEEDED": RateLimited,
    "TOO_MANY_REQUESTS": RateLimited,
    "INSUFFICIENT_CREDITS": OutOfCredits,
    "INVALID_API_KEY": KeyRefused,
    "MISSING_API_KEY": KeyRefused,
}
OWN: dict[int, Meaning] = {
    401: KeyRefused,
    402: OutOfCredits,
    403: KeyRefused,
    408: MayHaveArrived,
    425: NotArrived,
    429: RateLimited,
    503: NotArrived,
}
REDIRECTS = (301, 302, 307, 308)  # 303 may follow what was done
BEFORE_THE_API = (*REDIRECTS, *(code for code in range(401, 430) if code != 408))

ACCOUNT = re.compile(
    r"\b(api ?keys?|keys?|accounts?|subscriptions?|plans?|billing|payments?|credits?"
    r"|quotas?|permissions?|tokens?|ip|suspended|unauthori[sz]ed|authenticat\w*)\b"
)
PICTURE = re.compile(
    r"moderat|nsfw|nude|nudity|explicit|inappropriate|unsafe|safety|offensive|sensitive"
    r"|prohibited|policy|policies|content|image|photo|picture|human|person|face|cloth"
    r"|garment"
)


def error_from(
    status: int, body: bytes, retry_after: float | None = None
) -> MiragicError:
    """The named error for an answer that is not a success, at whatever status."""
    answer = parse_body(body) or {}
    code, message = _code_and_message(answer)
    own = _is_own_form(status, answer, code, message)
    if own:
        meaning = _of_own_form(status, code, message, answer)
        text = message or excerpt(body) or "no text"
        detail = f"{status} {code}: {text}" if code else f"{status}: {text}"
    else:
        meaning, code = _of_a_page(status), ""
        detail = f"{status}, not in the API's own form: {excerpt(body) or 'no text'}"
    if meaning is RateLimited:
        return RateLimited(detail, status=status, code=code, retry_after=retry_after)
    return meaning(detail, status=status, code=code)


def is_about_a_picture(code: str, text: str) -> bool:
    """Whether it names what was sent, not who sent it. The code knows best."""
    for part in (code, text):
        part = re.sub(r"[_-]+", " ", part.lower())
        if ACCOUNT.search(part):
            return False
        if PICTURE.search(part):
            return True
    return False


def _is_own_form(status: int, answer: dict[str, JSON], code: str, message: str) -> bool:
    if isinstance(answer.get("success"), bool):
        return True
    return code in CODES or (bool(message) and not _is_phrase(status, message))


def _is_phrase(status: int, message: str) -> bool:
    """Only the status again ("Forbidden"): gateways say so in JSON, too."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        return False
    return message.strip(" .!").lower() in (
        phrase.lower(),
        f"{status} {phrase}".lower(),
    )


def _of_own_form(
    status: int, code: str, message: str, answer: dict[str, JSON]
) -> Meaning:
    if answer.get("success") is True:
        return MayHaveArrived
    if code in CODES:
        return CODES[code]
    if status == 403 and is_about_a_picture(code, message):
        return Refused
    if status in OWN:
        return OWN[status]
    if 200 <= status < 300 or 400 <= status < 500:
        return Refused
    return NotArrived if status in REDIRECTS else MayHaveArrived


def _of_a_page(status: int) -> Meaning:
    if status == 429:
        return RateLimited
    return NotArrived if status in BEFORE_THE_API else MayHaveArrived


def _code_and_message(answer: dict[str, JSON]) -> tuple[str, str]:
    error = answer.get("error")
    source = error if isinstance(error, dict) else answer
    code = source.get("code", "")
    message = source.get("message") or (error if isinstance(error, str) else "")
    if isinstance(message, list):
        message = "; ".join(str(one) for one in message)
    code = code.strip().upper()[:60] if isinstance(code, str) else str(code)[:60]
    return redact(code), redact(str(message or ""))[:MAX_DETAIL]
