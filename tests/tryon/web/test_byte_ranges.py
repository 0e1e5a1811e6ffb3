"""Part of a file: what is asked for, and what is not understood."""

import io

import pytest
from django.test import RequestFactory

from tryon.web import byte_ranges


def asked(text: str, size: int = 100, method: str = "GET", **headers: str):
    request = RequestFactory().generic(method, "/", headers={"Range": text, **headers})
    return byte_ranges.parse_range(request, '"etag"', size)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("bytes=0-", range(100)),
        ("bytes=40-", range(40, 100)),
        ("bytes=0-0", range(1)),
        ("bytes=40-49", range(40, 50)),
        ("bytes=40-9999", range(40, 100)),
        ("bytes=-10", range(90, 100)),
        ("bytes=-9999", range(100)),
    ],
)
def test_a_part(text, part):
    assert asked(text) == part


@pytest.mark.parametrize(
    "text",
    [
        *["", "bytes=", "bytes=-", "bytes=9-3", "lines=1-2", "bytes=0-1,5-6"],
        *["bytes=a-b", "bytes=٣-", "bytes=" + "9" * 5000 + "-"],
    ],
)
def test_what_is_not_understood_gets_all(text):
    assert asked(text) is None


@pytest.mark.parametrize("text", ["bytes=100-", "bytes=999-1000", "bytes=-0"])
def test_where_nothing_lies(text):
    with pytest.raises(byte_ranges.Unsatisfiable):
        asked(text)


def test_nothing_lies_in_an_empty_file():
    with pytest.raises(byte_ranges.Unsatisfiable):
        asked("bytes=0-", size=0)


def test_only_the_rest_of_the_same_file():
    assert asked("bytes=40-", **{"If-Range": '"etag"'}) == range(40, 100)
    assert asked("bytes=40-", **{"If-Range": '"other"'}) is None
    assert asked("bytes=40-", **{"If-Range": 'W/"etag"'}) is None
    assert asked("bytes=40-", **{"If-Range": "Tue, 12 May 2026 14:00:00 GMT"}) is None


def test_a_part_is_read_to_its_end_and_closed():
    file = io.BytesIO(bytes(range(100)))
    part = byte_ranges.Part(file, range(40, 50))
    assert [part.read(4), part.read(4), part.read(4), part.read(4)] == [
        bytes(range(40, 44)),
        bytes(range(44, 48)),
        bytes(range(48, 50)),
        b"",
    ]
    part.close()
    assert file.closed
