"""The table of answers: every status in every form, and what it means."""

import json
from itertools import chain

import pytest

from tryon.miragic import (
    KeyRefused,
    MayHaveArrived,
    NotArrived,
    OutOfCredits,
    RateLimited,
    Refused,
)
from tryon.miragic.meaning import error_from, is_about_a_picture

pytestmark = pytest.mark.anywhere

NESTED = '{"success": false, "error": {"code": "SOME_CODE", "message": "Some words"}}'
OWN = {
    "nested": NESTED,
    "flat": '{"success": false, "message": "Some words"}',
    "bare": '{"message": "Some words"}',
    "error text": '{"error": "Some words"}',
    "silent": '{"success": false}',
}
PAGES = {
    "html": "<!DOCTYPE html><title>Just a moment...</title>",
    "text": "404 page not found",
    "empty": "",
    "truncated": NESTED[:45],
    "list": f"[{NESTED}]",
    "string": json.dumps(NESTED),
    "problem": '{"type": "about:blank", "title": "Error 1020", "status": 403}',
    "another program": '{"detail": "Not Found"}',
}
# Of the API's own form; the others are refused below 500, unclear from there on.
SAID = {
    401: KeyRefused,
    402: OutOfCredits,
    403: KeyRefused,
    408: MayHaveArrived,
    425: NotArrived,
    429: RateLimited,
    503: NotArrived,
}
# What a gateway says before the API can have had it.
BEFORE = {*range(401, 408), *range(409, 430)}


def meaning_of(status: int, body: str) -> type:
    return type(error_from(status, body.encode()))


@pytest.mark.parametrize("form", OWN)
def test_the_apis_own_form(form):
    for status in range(400, 600):
        expected = SAID.get(status, Refused if status < 500 else MayHaveArrived)
        assert meaning_of(status, OWN[form]) is expected, status


@pytest.mark.parametrize("form", PAGES)
def test_a_page_stops_no_key_and_ends_no_job(form):
    for status in range(400, 600):
        expected = NotArrived if status in BEFORE else MayHaveArrived
        if status == 429:
            expected = RateLimited
        assert meaning_of(status, PAGES[form]) is expected, status


def test_gateways_repeat_the_status_in_json():
    for status, phrase in (
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "Not Found"),
    ):
        for body in ({"message": phrase}, {"error": phrase}, {"message": f"{phrase}."}):
            assert meaning_of(status, json.dumps(body)) is NotArrived
        own = {"success": False, "message": phrase}
        assert meaning_of(status, json.dumps(own)) is not NotArrived


def test_other_statuses():
    for body in chain(OWN.values(), PAGES.values()):
        for status in (301, 302, 307, 308):
            assert meaning_of(status, body) is NotArrived
        for status in (0, 101, 300, 303, 304, 305, 600, 999):  # 303: after it was done?
            assert meaning_of(status, body) is MayHaveArrived


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("INVALID_API_KEY", KeyRefused),
        ("INSUFFICIENT_CREDITS", OutOfCredits),
        ("RATE_LIMIT_EXCEEDED", RateLimited),
    ],
)
def test_a_known_code_goes_before_the_status(code, expected):
    for status in (200, *range(400, 600)):
        for body in (
            {"success": False, "error": {"code": code, "message": "x"}},
            {"success": False, "code": code.lower()},
            {"error": {"code": code}},
        ):
            assert meaning_of(status, json.dumps(body)) is expected


def test_what_contradicts_itself_is_unclear():
    body = json.dumps({"success": True, "message": "created", "data": {"jobId": "x"}})
    for status in range(400, 600):
        assert meaning_of(status, body) is MayHaveArrived


@pytest.mark.parametrize(
    ("code", "message", "about_a_picture"),
    [
        ("CONTENT_POLICY_VIOLATION", "Access denied", True),
        ("NSFW_CONTENT", "", True),
        ("MODERATION_BLOCKED", "Your account may be suspended", True),
        ("", "The human image was flagged by moderation", True),
        ("FORBIDDEN", "This photo shows nudity", True),
        ("UNREADABLE_IMAGE", "could not decode", True),
        ("", "Forbidden", False),
        ("", "Invalid API key", False),
        ("API_KEY_REVOKED", "This image was not looked at", False),
        ("", "Your plan does not allow image processing", False),
        ("", "Your account violates our content policy", False),
        ("ACCESS_DENIED", "IP not allowed", False),
    ],
)
def test_whose_fault_a_403_is(code, message, about_a_picture):
    assert is_about_a_picture(code, message) is about_a_picture
    nested = {"success": False, "error": {"code": code, "message": message}}
    expected = Refused if about_a_picture else KeyRefused
    assert meaning_of(403, json.dumps(nested)) is expected
    assert meaning_of(400, json.dumps(nested)) is Refused
