"""The stand-in as the client meets it. The contract tests say the rest."""

import io
import threading
import time

import pytest
import requests
from PIL import Image

from tests.factories import picture_bytes
from tests.live import until
from tryon.sandbox.jobs import Options
from tryon.sandbox.server import API, Handler, parse_form, serve_in_thread

pytestmark = pytest.mark.anywhere

KEY = "sk_live_" + "s" * 43


def post(server, fields=None, files=None, key=KEY) -> requests.Response:
    files = {"humanImage": "h", "clothImage": "c"} if files is None else files
    parts = {
        name: (f"{label}.jpg", picture_bytes(), "image/jpeg")
        for name, label in files.items()
    }
    data = {"garmentType": "upper_body"} if fields is None else fields
    return requests.post(
        server.url + API, data=data, files=parts, headers={"X-API-Key": key}, timeout=5
    )


def get(server, job_id, key=KEY) -> requests.Response:
    url = f"{server.url}{API}/{job_id}"
    return requests.get(url, headers={"X-API-Key": key}, timeout=5)


def until_over(server, job_id) -> dict:
    for _ in range(100):
        data = get(server, job_id).json()["data"]
        if data["status"] in ("COMPLETED", "FAILED"):
            return data
        time.sleep(0.05)
    raise AssertionError("never over")


@pytest.mark.parametrize("key", ["", "nonsense", "sk_live_short"])
def test_refuses_other_keys(sandbox, key):
    answer = post(sandbox, key=key)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "INVALID_API_KEY"


@pytest.mark.parametrize(
    ("fields", "files"),
    [
        ({}, None),
        ({"garmentType": "hat"}, None),
        (None, {"clothImage": "c"}),
        (None, {"humanImage": "h"}),
    ],
)
def test_validates_the_form(sandbox, fields, files):
    answer = post(sandbox, fields, files)
    assert answer.status_code == 400
    assert answer.json()["success"] is False


def test_any_text_will_do_as_the_type_of_a_combo(sandbox):
    files = {"humanImage": "h", "clothImage": "c", "bottomClothImage": "b"}
    answer = post(sandbox, {"garmentType": "whatever"}, files)
    assert answer.json()["data"]["mode"] == "TOP_BOTTOM"


def test_runs_through_its_states_and_hands_out_the_picture(sandbox):
    job_id = post(sandbox).json()["data"]["jobId"]
    seen = get(sandbox, job_id).json()["data"]
    assert seen["status"] in ("PENDING", "PROCESSING")
    assert seen["resultImagePath"] is None
    over = until_over(sandbox, job_id)
    picture = requests.get(over["resultImagePath"], timeout=5)
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(picture.content)).size == (400, 500)


def test_addresses_run_out_and_each_look_gives_a_fresh_one():
    server = serve_in_thread(Options(speed=100, spread=0, address_seconds=60))
    try:
        job_id = post(server).json()["data"]["jobId"]
        over = until_over(server, job_id)
        assert requests.get(over["resultImagePath"], timeout=5).status_code == 200
        old = over["resultImagePath"].partition("=")[0] + "=1"
        assert requests.get(old, timeout=5).status_code == 403
        fresh = get(server, job_id).json()["data"]["resultImagePath"]
        assert fresh != over["resultImagePath"]
    finally:
        server.shutdown()


def test_limits_sixty_a_minute():
    server = serve_in_thread(Options(speed=1))
    try:
        codes = [get(server, "none").status_code for _ in range(62)]
        assert codes == [404] * 60 + [429] * 2
        told = requests.get(f"{server.url}/_sandbox", timeout=5).json()
        assert (told["refused_429"], told["most_in_window"]) == (2, 60)
    finally:
        server.shutdown()


def test_latency_goes_both_ways(monkeypatch):
    server = serve_in_thread(Options(latency=1, speed=10, seed=1))
    waits = []
    monkeypatch.setattr("tryon.sandbox.jobs.time.sleep", waits.append)
    try:
        get(server, "none")
    finally:
        server.shutdown()
    assert len(waits) == 2
    assert all(0 < seconds < 0.1 for seconds in waits)


def test_another_keys_job_is_not_known(sandbox):
    job_id = post(sandbox).json()["data"]["jobId"]
    assert get(sandbox, job_id, "sk_live_" + "o" * 43).status_code == 404


def test_faults_are_ordered_while_it_runs(sandbox):
    fault = {"name": "status", "on": "submit", "next": 1, "value": 500}
    requests.post(f"{sandbox.url}/_sandbox", json={"faults": [fault]}, timeout=5)
    assert post(sandbox).status_code == 500
    assert post(sandbox).status_code == 200


def test_parallel_submits_are_all_counted(sandbox):
    threads = [threading.Thread(target=post, args=(sandbox,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = sandbox.state.stats()
    assert (stats["submits"], stats["distinct_pictures"]) == (8, 8)


def test_form_parser_keeps_bytes_as_they_are():
    content = bytes(range(256)) * 3
    body = (
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
        + content
        + b"\r\n--b--\r\n"
    )
    assert parse_form("multipart/form-data; boundary=b", body)["x"][1] == content
    with pytest.raises(ValueError, match="multipart"):
        parse_form("application/json", b"{}")
    assert Handler.server_version


def test_jobs_under_way_survive_a_restart(tmp_path):
    options = Options(speed=20, spread=0.1, keep=str(tmp_path))
    first = serve_in_thread(options)
    job_id = post(first).json()["data"]["jobId"]
    first.shutdown()
    first.server_close()
    second = serve_in_thread(options)
    try:
        over = until_over(second, job_id)
        assert requests.get(over["resultImagePath"], timeout=5).ok
        # It forgets once the last byte is out, which the client may see first.
        until(lambda: list(tmp_path.iterdir()) == [])
    finally:
        second.shutdown()
        second.server_close()
