"""Whatever comes back is an answer that can be stored, or one of the named errors."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import NOW
from tryon import miragic
from tryon.miragic import answers
from tryon.miragic.body import parse_retry_after, parse_time
from tryon.miragic.meaning import error_from

pytestmark = pytest.mark.anywhere

WORDS = st.sampled_from(
    ["PENDING", "COMPLETED", "done", "ERROR", "https://[", "/r.jpg", "a\0b", "\ud800"]
)
VALUES = st.one_of(
    st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=9), WORDS
)
NAMES = st.sampled_from(
    [
        "success",
        "error",
        "message",
        "code",
        "status",
        "jobId",
        "id",
        "createdAt",
        "processingCompletedAt",
        "errorMessage",
        *answers.RESULT_FIELDS,
    ]
)
FIELDS = st.dictionaries(NAMES, st.one_of(VALUES, st.lists(VALUES, max_size=2)))
ANSWERS = st.builds(
    lambda outer, data, error: json.dumps({**outer, **data, **error}).encode(),
    FIELDS,
    st.one_of(st.just({}), FIELDS.map(lambda fields: {"data": fields})),
    st.one_of(st.just({}), FIELDS.map(lambda fields: {"error": fields})),
)
BODIES = st.one_of(ANSWERS, ANSWERS.map(lambda body: body[:-3]), st.binary())


@settings(max_examples=300, deadline=None)
@given(status=st.integers(0, 999), body=BODIES)
def test_every_answer_is_one_of_ours(status, body):
    kept = [error_from(status, body).detail]
    try:
        kept.append(answers.read_accepted(status, body).remote_id)
    except miragic.MiragicError as error:
        kept.append(error.detail)
    try:
        looked = answers.read_polled(status, body, "https://api.example")
        kept += [looked.error_message, looked.result_url, looked.odd_word]
        raw = json.dumps(looked.raw, ensure_ascii=False, allow_nan=False)
        assert "\\u0000" not in raw
        kept.append(raw)
    except miragic.MiragicError as error:
        kept.append(error.detail)
    for text in kept:
        assert "\0" not in text
        text.encode()


@settings(max_examples=300, deadline=None)
@given(value=st.one_of(st.text(), st.from_regex(r"[A-Za-z0-9:, .+-]*", fullmatch=True)))
def test_no_header_and_no_time_is_too_odd(value):
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= 86400
    parse_time(value)
