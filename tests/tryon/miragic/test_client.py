"""Each failure is one named error that says what the caller may do."""

import json
import logging
import socket
import threading

import pytest

from tryon import miragic
from tryon.miragic import Client, Deadlines, JobState
from tryon.miragic.body import parse_retry_after, parse_time
from tryon.miragic.redact import RedactKeys

pytestmark = pytest.mark.anywhere

KEY = "sk_live_" + "k" * 43
NESTED = {"success": False, "error": {"code": "SOME_CODE", "message": "Some words"}}
FLAT = {"success": False, "message": "Some words"}


def submit(api: Client) -> miragic.Accepted:
    return api.submit(KEY, human=b"H", cloth=b"C", garment_type="upper_body")


@pytest.mark.parametrize("form", [NESTED, FLAT], ids=["nested", "flat"])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, miragic.Refused),
        (401, miragic.KeyRefused),
        (429, miragic.RateLimited),
        (500, miragic.MayHaveArrived),
        (503, miragic.NotArrived),
        (200, miragic.Refused),
    ],
)
def test_errors_in_the_apis_own_forms(wire, api, status, error, form):
    """All of them: test_meaning.py."""
    wire.says(status, json.dumps(form))
    with pytest.raises(error, match="Some words") as caught:
        submit(api)
    assert type(caught.value) is error
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, miragic.MayHaveArrived),
        (401, miragic.NotArrived),
        (403, miragic.NotArrived),
        (429, miragic.RateLimited),
        (500, miragic.MayHaveArrived),
        # A gateway's own page does not say whether the API had it already.
        (503, miragic.MayHaveArrived),
        (301, miragic.NotArrived),
    ],
)
@pytest.mark.parametrize(
    "body", ["<html>Bad gateway</html>", ""], ids=["html", "empty"]
)
def test_pages_of_a_gateway(wire, api, status, error, body):
    wire.says(status, body, {"Location": "http://10.0.0.1/"})
    with pytest.raises(error) as caught:
        submit(api)
    assert type(caught.value) is error
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, miragic.NotArrived), (429, miragic.RateLimited)]
    + [(code, miragic.MayHaveArrived) for code in (200, 400, 502)],
)
def test_an_answer_cut_short_says_what_its_status_says(wire, api, status, error):
    head = f"HTTP/1.1 {status} X\r\nContent-Length: 500\r\nRetry-After: 7\r\n\r\n"
    whole = head.encode() + b'{"success": false, "error": {'
    wire.script = lambda connection, request: connection.sendall(whole)
    with pytest.raises(error) as caught:
        submit(api)
    assert type(caught.value) is error
    if status == 429:
        assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("INVALID_API_KEY", miragic.KeyRefused),
        ("INSUFFICIENT_CREDITS", miragic.OutOfCredits),
        ("insufficient_credits", miragic.OutOfCredits),
        ("RATE_LIMIT_EXCEEDED", miragic.RateLimited),
    ],
)
def test_success_false_at_status_200_goes_by_its_code(wire, api, code, error):
    wire.says(200, json.dumps({"success": False, "error": {"code": code}}))
    with pytest.raises(error):
        submit(api)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        '{"success": true, "data": {"jobI',
        '{"success": true}',
        '{"success": true, "data": {"jobId": null}}',
        '{"success": true, "data": {"jobId": true}}',
        "[1, 2]",
        '"text"',
        "[" * 100_000,
    ],
)
def test_accepted_without_an_id_may_have_been_charged(wire, api, body):
    wire.says(200, body)
    with pytest.raises(miragic.MayHaveArrived):
        submit(api)


@pytest.mark.parametrize("status", [200, 201, 202])
def test_any_2xx_is_success_and_the_id_may_be_called_id(wire, api, status):
    wire.says(status, '{"success": true, "data": {"id": 12}}')
    assert submit(api).remote_id == "12"


def test_connection_refused_certainly_created_nothing(free_port):
    api = Client(f"http://127.0.0.1:{free_port}")
    with pytest.raises(miragic.NotArrived):
        submit(api)


def test_unknown_host_certainly_created_nothing(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(miragic.NotArrived):
        submit(Client("http://nowhere.invalid"))


def test_a_resolver_that_hangs_holds_nobody_past_the_deadline(monkeypatch):
    """And its submit, which was never sent, is not called unconfirmed."""
    answered = threading.Event()

    def hang(*args, **kwargs) -> list:
        answered.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with pytest.raises(miragic.NotArrived):
        submit(Client("http://slow.invalid", Deadlines(submit=0.3)))
    assert not answered.is_set()
    answered.set()


def test_a_failed_tls_handshake_certainly_created_nothing(wire):
    api = Client(wire.url.replace("http:", "https:"), Deadlines(submit=2))
    with pytest.raises(miragic.NotArrived):
        submit(api)


def test_a_cut_connection_may_have_arrived(wire, api):
    wire.script = lambda connection, request: None
    with pytest.raises(miragic.MayHaveArrived):
        submit(api)


def test_a_cut_answer_may_have_arrived(wire, api):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"
    wire.script = lambda connection, request: connection.sendall(head)
    with pytest.raises(miragic.MayHaveArrived):
        submit(api)


def drip(piece: bytes):
    def script(connection, over):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n")
        for _ in range(400):
            connection.sendall(piece)
            if over.wait(0.05):
                return

    return script


@pytest.mark.parametrize(
    "script",
    [
        lambda connection, over: over.wait(20),
        drip(b"X-Slow: 1\r\n"),
        drip(b"\r\n "),
    ],
    ids=["silent", "dripping headers", "dripping body"],
)
def test_the_deadline_is_over_the_whole_exchange(wire, script):
    """The client goes, while the server would have much more to say."""
    over, all_said = threading.Event(), threading.Event()

    def answer(connection, request):
        script(connection, over)
        all_said.set()

    wire.script = answer
    api = Client(wire.url, Deadlines(submit=0.5, poll=0.5))
    with pytest.raises(miragic.MayHaveArrived, match="deadline"):
        submit(api)
    assert not all_said.is_set()
    over.set()


def test_an_endless_answer_is_cut_off(wire, api):
    def script(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    wire.script = script
    with pytest.raises(miragic.MayHaveArrived):
        submit(api)


def test_each_post_opens_a_connection_of_its_own(wire, api):
    wire.says(200, '{"success": true, "data": {"jobId": "a"}}')
    submit(api)
    submit(api)
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PROCESSING", JobState.RUNNING),
        ("QUEUED", JobState.RUNNING),
        ("processing", JobState.RUNNING),
        ("completed", JobState.COMPLETED),
        ("Failed", JobState.FAILED),
        ("SOMETHING_NEW", JobState.RUNNING),
        ("SUCCEEDED", JobState.RUNNING),
        *[
            (word, JobState.FAILED)
            for word in ("ERROR", "CANCELLED", "Canceled", "rejected", " EXPIRED ")
        ],
    ],
)
def test_unknown_statuses_are_running(wire, api, status, state):
    wire.says(200, json.dumps({"data": {"status": status}}))
    assert api.poll(KEY, "x").state == state


@pytest.mark.parametrize(
    ("status", "state", "odd_word"),
    [
        ("SUCCEEDED", JobState.COMPLETED, "SUCCEEDED"),
        ("done", JobState.COMPLETED, "done"),
        ("Finished", JobState.COMPLETED, "Finished"),
        ("COMPLETED", JobState.COMPLETED, ""),
        # What says that it goes on may have a place ready for the picture.
        ("PENDING", JobState.RUNNING, ""),
        ("processing", JobState.RUNNING, ""),
        ("in progress", JobState.RUNNING, ""),
        ("EXPIRED", JobState.FAILED, ""),
        ("FAILED", JobState.FAILED, ""),
    ],
)
def test_another_word_for_the_end_has_an_address_beside_it(
    wire, api, status, state, odd_word
):
    data = {"status": status, "processedUrl": "https://a.example/2.jpg"}
    wire.says(200, json.dumps({"success": True, "data": data}))
    looked = api.poll(KEY, "x")
    assert (looked.state, looked.odd_word) == (state, odd_word)


@pytest.mark.parametrize(
    "page",
    [
        {"status": "error", "message": "down for maintenance"},
        {"status": "ok"},
        {"id": "request-7", "status": "cancelled"},
    ],
)
def test_json_of_a_gateway_is_no_word_of_a_job(wire, api, page):
    wire.says(200, json.dumps(page))
    with pytest.raises(miragic.MayHaveArrived):
        api.poll(KEY, "x")
    with pytest.raises(miragic.MayHaveArrived):
        submit(api)


def test_a_look_without_a_status_tells_nothing(wire, api):
    wire.says(200, '{"success": true, "data": {}}')
    with pytest.raises(miragic.MayHaveArrived):
        api.poll(KEY, "x")


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"resultImagePath": "https://a.example/1.jpg"}, "https://a.example/1.jpg"),
        ({"processedUrl": "https://a.example/2.jpg"}, "https://a.example/2.jpg"),
        ({"download_signed_url": "https://a/3.jpg"}, "https://a/3.jpg"),
        ({"resultImagePath": None, "processedUrl": "https://a/4"}, "https://a/4"),
        ({"resultImagePath": ""}, ""),
        ({"resultImagePath": 7}, ""),
    ],
)
def test_the_result_is_under_the_first_name_present(wire, api, fields, url):
    wire.says(200, json.dumps({"data": {"status": "COMPLETED", **fields}}))
    assert api.poll(KEY, "x").result_url == url


def test_a_relative_result_address(wire, api):
    data = {"status": "COMPLETED", "resultImagePath": "/uploads/r.jpg"}
    wire.says(200, json.dumps({"data": data}))
    assert api.poll(KEY, "x").result_url == f"{wire.url}/uploads/r.jpg"


@pytest.mark.parametrize(
    "value",
    ["2025-10-08T14:50:12.191Z", 1759935012, 1759935012191, "1759935012"],
)
def test_times_in_each_form(value):
    assert abs(parse_time(value).timestamp() - 1759935012) < 1


@pytest.mark.parametrize(
    "value", [None, "", "soon", True, [], 1e40, float("nan"), "nan"]
)
def test_times_that_are_none(value):
    assert parse_time(value) is None


@pytest.mark.parametrize(
    ("body", "remote_id"),
    [
        (b'\xef\xbb\xbf{"data": {"jobId": "a"}}', "a"),
        ('{"data": {"jobId": "a"}}'.encode("utf-16"), "a"),
        (b'{"message": "caf\xe9", "data": {"jobId": "a"}}', "a"),
        (b'{"data": {"jobId": "a", "jobId": "b"}}', "b"),
        (b'{"data": {"jobId": " a\\u0000\\ud800 "}}', "a?"),
        (b'{"data": {"jobId": "a", "createdAt": 1e999}}', "a"),
        (b'{"data": {"jobId": "a", "createdAt": %s}}' % (b"9" * 400), "a"),
        (b'{"data": {"jobId": "a", "n": NaN}}', "a"),
        (b'\n {"jobId": "a"} \n', "a"),
    ],
    ids=["mark", "utf-16", "latin", "twice", "nul", "inf", "huge", "nan", "flat"],
)
def test_an_accepted_submit_is_not_lost_over_an_odd_character(
    wire, api, body, remote_id
):
    wire.says(200, body)
    assert submit(api).remote_id == remote_id


def test_what_is_kept_can_be_stored(wire, api):
    odd = b'{"data": {"status": "X", "a\\u0000": ["\\ud800", NaN, 1e999]}}'
    wire.says(200, odd)
    raw = api.poll(KEY, "x").raw
    assert raw["data"]["a"] == ["?", None, None]
    wire.says(404, b"<html>\x00</html>")
    with pytest.raises(miragic.NotArrived) as caught:
        api.poll(KEY, "x")
    assert "\0" not in caught.value.detail


def test_retry_after_in_both_forms():
    from datetime import UTC, datetime

    now = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)
    assert parse_retry_after("7", now) == 7
    assert parse_retry_after("Tue, 12 May 2026 14:00:30 GMT", now) == 30
    assert parse_retry_after("Tue, 12 May 2026 13:00:00 GMT", now) == 0
    assert parse_retry_after("-5", now) == 0
    assert parse_retry_after("5, 9", now) == 5
    assert parse_retry_after(" 7.5 s", now) == 7.5
    assert parse_retry_after("30 seconds", now) == 30
    assert parse_retry_after(str(int(now.timestamp()) + 40), now) == 40
    assert parse_retry_after(str((int(now.timestamp()) + 40) * 1000), now) == 40
    assert parse_retry_after("99999999", now) == 86400
    useless = ["later", "nan", "inf", "1e3", "P1D", "0x10", " ", "\0", "9" * 400]
    useless += ["Tue, 99 May 99999 14:00:30 GMT", "Tue, 12 May"]
    for value in (None, "", *useless):
        assert parse_retry_after(value, now) is None


def test_retry_after_reaches_the_caller(wire, api):
    wire.says(429, json.dumps(NESTED), {"Retry-After": "12"})
    with pytest.raises(miragic.RateLimited) as caught:
        submit(api)
    assert caught.value.retry_after == 12


# --- download ---------------------------------------------------------------------


def test_download_goes_without_the_key(wire, api):
    wire.says(200, b"picture")
    assert api.download(f"{wire.url}/r.jpg") == b"picture"
    assert b"sk_live" not in wire.requests[0]
    assert b"X-API-Key" not in wire.requests[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/r.jpg",
        "http://localhost/r.jpg",
        "http://10.0.0.1/r.jpg",
        "http://192.168.1.1/r.jpg",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/r.jpg",
        "http://[::ffff:10.0.0.1]/r.jpg",
        "http://[::10.0.0.1]/r.jpg",
        "http://[::ffff:0:10.0.0.1]/r.jpg",
        "http://[64:ff9b::10.0.0.1]/r.jpg",
        "http://[64:ff9b:1::10.0.0.1]/r.jpg",
        "http://[2002:a00:1::1]/r.jpg",
        "http://[fec0::1]/r.jpg",
        "http://0.0.0.0/r.jpg",
        "http://2130706433/r.jpg",
        "file:///etc/passwd",
        "ftp://example.org/r.jpg",
    ],
)
def test_download_never_from_a_private_address(api, url):
    with pytest.raises(miragic.ResultUnavailable) as caught:
        api.download(url)
    assert caught.value.final


def test_a_redirect_to_a_private_address_is_not_followed(wire, api):
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]
    wire.says(302, b"", {"Location": f"http://127.0.0.1:{port}/secret"})
    with pytest.raises(miragic.ResultUnavailable) as caught:
        api.download(f"{wire.url}/r.jpg")
    assert caught.value.final
    other.settimeout(0.2)
    with pytest.raises(TimeoutError):
        other.accept()
    other.close()


def test_a_redirect_within_the_api_is_followed_but_not_for_ever(wire, api):
    wire.says(302, b"", {"Location": "/again.jpg"})
    with pytest.raises(miragic.ResultUnavailable, match="redirects"):
        api.download(f"{wire.url}/r.jpg")
    assert len(wire.requests) == 4


@pytest.mark.parametrize(
    ("status", "error"),
    [(code, miragic.ResultUnavailable) for code in (204, 400, 401, 403, 404, 410)]
    + [(code, miragic.ResultOutOfReach) for code in (408, 425, 429, 500, 502, 503)],
)
def test_download_of_something_else_may_be_tried_again(wire, api, status, error):
    wire.says(status, b"")
    with pytest.raises(miragic.ResultUnavailable) as caught:
        api.download(f"{wire.url}/r.jpg")
    assert type(caught.value) is error
    assert not caught.value.final


def test_an_outage_says_nothing_of_an_address(free_port, wire, monkeypatch):
    api = Client(f"http://127.0.0.1:{free_port}", Deadlines(download=0.5))
    with pytest.raises(miragic.ResultOutOfReach) as caught:
        api.download(f"{api.base_url}/somebodys.jpg")
    assert "somebodys" not in caught.value.detail
    wire.script = lambda connection, request: None
    with pytest.raises(miragic.ResultOutOfReach):
        Client(wire.url).download(f"{wire.url}/r.jpg")

    def unknown(*args, **kwargs):
        raise socket.gaierror("no such host")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(miragic.ResultOutOfReach):
        api.download("https://pictures.example/r.jpg")


@pytest.mark.parametrize("url", ["http://", "http://a:port/r.jpg", "http://*.a/r.jpg"])
def test_what_can_be_no_address_is_no_outage(api, url):
    with pytest.raises(miragic.ResultUnavailable) as caught:
        api.download(url)
    assert caught.value.final


def test_an_enormous_download_is_cut_off(wire, api, monkeypatch):
    monkeypatch.setattr("tryon.miragic.client.MAX_RESULT", 100_000)
    wire.says(200, b"x" * 300_000)
    with pytest.raises(miragic.ResultUnavailable, match="too large"):
        api.download(f"{wire.url}/r.jpg")


def test_a_truncated_download_is_no_picture(wire, api):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhalf"
    wire.script = lambda connection, request: connection.sendall(head)
    with pytest.raises(miragic.ResultOutOfReach):
        api.download(f"{wire.url}/r.jpg")


# --- the key is never told -----------------------------------------------------------


def test_the_key_is_in_no_error(wire, api):
    echo = json.dumps({"success": False, "error": {"message": f"bad key {KEY}"}})
    wire.says(401, echo)
    with pytest.raises(miragic.KeyRefused) as caught:
        submit(api)
    assert KEY not in str(caught.value)
    assert KEY not in repr(caught.value.__dict__)


def test_a_key_that_cannot_be_sent_is_not_told_either(wire, api):
    odd = "odd key\nwith a line break"
    with pytest.raises(miragic.NotArrived) as caught:
        api.poll(odd, "x")
    assert "odd key" not in str(caught.value)


def test_the_key_is_in_no_log():
    record = logging.LogRecord("x", 20, "f", 1, "sent %s", (f"with {KEY}",), None)
    assert RedactKeys().filter(record)
    assert KEY not in record.getMessage()
    try:
        raise ValueError(KEY)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", 20, "f", 1, "failed", (), info)
    RedactKeys().filter(record)
    assert KEY not in record.exc_text


# --- our pictures are never told ---


def test_not_in_a_flat_answer_either(wire, api):
    flat = {
        "success": True,
        "status": "PROCESSING",
        "humanImagePath": "https://x.example/human.jpg",
    }
    wire.says(200, json.dumps(flat))
    assert "human.jpg" not in json.dumps(api.poll(KEY, "x").raw)


@pytest.mark.parametrize("call", [submit, lambda api: api.poll(KEY, "x")])
def test_not_in_what_is_said_of_an_odd_answer(wire, api, call):
    odd = {"data": {"humanImagePath": "https://x.example/human.jpg"}}
    wire.says(200, json.dumps(odd))
    with pytest.raises(miragic.MayHaveArrived) as caught:
        call(api)
    assert "human.jpg" not in caught.value.detail


@pytest.mark.parametrize("url", ["http://[bad/x", "//[", "http://[bad/x"])
def test_a_result_address_that_is_none(wire, api, url):
    data = {"status": "COMPLETED", "resultImagePath": url}
    wire.says(200, json.dumps({"data": data}))
    assert api.poll(KEY, "x").result_url == ""
    with pytest.raises(miragic.ResultUnavailable):
        api.download(url)
