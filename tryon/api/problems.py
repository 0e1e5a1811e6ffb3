"""Errors as documents that programs read: RFC 9457, `application/problem+json`.

Each `code` has a page of ours in plain words (`views.problems`), which `type` leads to.
"""

from dataclasses import dataclass, field
from typing import TypedDict

from django.conf import settings
from django.http import JsonResponse
from django.urls import reverse

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    status: int
    title: str
    meaning: str  # what to do next


KINDS = {
    "malformed": Kind(
        400,
        "The request cannot be read",
        "The body is not what its Content-Type says, or not as JSON has to be: each "
        "name once, no NaN, no unpaired surrogates. Mend it and send it again.",
    ),
    "no_key": Kind(
        401,
        "No key",
        "Send a key of this fitting room in the header “Authorization: Bearer fr_…”. "
        "Keys are made in the admin, or by “manage.py shop_key”.",
    ),
    "wrong_key": Kind(
        401,
        "Wrong key",
        "There is no such key. Compare it with the one you were given.",
    ),
    "expired_key": Kind(401, "Expired key", "The key's time is over. Make a new one."),
    "revoked_key": Kind(401, "Revoked key", "Somebody has revoked it. Make a new one."),
    "missing_scope": Kind(
        403,
        "The key is not made for this",
        "What a key may do is said when it is made. Make one with this scope too.",
    ),
    "not_found": Kind(
        404,
        "Not here",
        "There is no such address or object, or it is not yours to see. What was "
        "deleted is gone.",
    ),
    "method_not_allowed": Kind(
        405, "Not this way", "The header Allow names the methods of this address."
    ),
    "not_acceptable": Kind(
        406,
        "Not in that form",
        "Answers are JSON, pictures JPEG: accept these, or leave Accept out.",
    ),
    "in_progress": Kind(
        409,
        "The first one is still at work",
        "A request with this Idempotency-Key is being answered. Send it again after "
        "the seconds of Retry-After.",
    ),
    "too_late": Kind(
        409,
        "Too late",
        "The object is in another state by now. Get it anew and decide again.",
    ),
    "customer_gone": Kind(
        409,
        "The customer was just deleted",
        "Nothing was kept. If they come back, send the photo again.",
    ),
    "length_required": Kind(
        411, "How long is it?", "Send Content-Length, or a body that ends."
    ),
    "too_large": Kind(
        413,
        "Too large",
        "The body is larger than this address takes. Send a smaller picture.",
    ),
    "unsupported_media_type": Kind(
        415,
        "Not this type",
        "Send application/json, or multipart/form-data where there is a file.",
    ),
    "invalid": Kind(
        422,
        "Something in it is not right",
        "“errors” names each field and what is wrong with it. Nothing was done.",
    ),
    "idempotency_mismatch": Kind(
        422,
        "Another request had this Idempotency-Key",
        "A key stands for one request, for 24 hours. Use a new key for a new request.",
    ),
    "too_fast": Kind(
        429,
        "Too many requests",
        "Go on after the seconds of Retry-After. RateLimit says what is left.",
    ),
    "limit_reached": Kind(
        429,
        "No try is left",
        "The customer's tries of 24 hours, or the shop's, are used up. “detail” says "
        "which, Retry-After when the next is free, if that is known.",
    ),
    "too_many_uploads": Kind(
        429,
        "Too many pictures",
        "So many new pictures of one customer came today that the next has to wait.",
    ),
    "internal": Kind(
        500,
        "That went wrong on our side",
        "Send it again with the same Idempotency-Key. If it stays, tell the operator "
        "the X-Request-ID of the answer.",
    ),
    "busy": Kind(
        503,
        "Not at the moment",
        "Storage is away, or many pictures are being read. Send it again after the "
        "seconds of Retry-After.",
    ),
}
# What Django answers by itself, before or after a router.
BY_STATUS = {
    400: "malformed",
    401: "no_key",
    403: "missing_scope",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    411: "length_required",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_fast",
    500: "internal",
    503: "busy",
}


def find_code(status: int) -> str:
    return BY_STATUS.get(status, "malformed" if status < 500 else "internal")


class FieldError(TypedDict):
    field: str
    message: str


@dataclass
class Problem(Exception):
    """Ends a request of the API. `detail` is a sentence for the shop's developer."""

    code: str
    detail: str = ""
    errors: list[FieldError] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


def invalid(**messages: str) -> Problem:
    """What is wrong with a field, by its name."""
    errors: list[FieldError] = [
        {"field": name, "message": message} for name, message in messages.items()
    ]
    return Problem("invalid", " ".join(messages.values()), errors)


def not_there(field: str, sentence: str) -> Problem:
    """What a field names: an object of nobody, or of somebody else."""
    return Problem("not_found", sentence, [{"field": field, "message": sentence}])


def build_url(code: str) -> str:
    return settings.SITE_URL + reverse("problem", args=[code.replace("_", "-")])


def respond(problem: Problem) -> JsonResponse:
    kind = KINDS[problem.code]
    document: dict[str, object] = {
        "type": build_url(problem.code),
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail or kind.meaning,
        "code": problem.code,
    }
    if problem.errors or kind.status == 422:
        document["errors"] = problem.errors
    headers = {**problem.headers, "Cache-Control": "no-store"}
    if kind.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JsonResponse(
        document, status=kind.status, headers=headers, content_type=CONTENT_TYPE
    )
