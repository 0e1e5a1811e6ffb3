"""Every example of the documentation ("VTO API Reference"), over a real connection."""

import json

import pytest

from tryon.miragic import JobState

pytestmark = pytest.mark.anywhere

KEY = "sk_live_" + "d" * 43

ACCEPTED_SINGLE = """{"success":true,"message":"Virtual try-on job created and processing started","data":{"jobId":"25331fb2-d0b0-44bd-b932-44f6fcc85e3e","status":"PENDING","mode":"SINGLE","createdAt":"2025-10-08T13:46:57.867Z"}}"""  # noqa: E501
ACCEPTED_COMBO = """{"success":true,"message":"Virtual try-on job created and processing started","data":{"jobId":"89011007-ea00-4160-9f3d-b15e77b719bc","status":"PENDING","mode":"TOP_BOTTOM","createdAt":"2025-10-08T14:25:18.213Z"}}"""  # noqa: E501
# "Completed Status (200)": printed as Python there, JSON on the wire.
COMPLETED = {
    "success": True,
    "data": {
        "id": "25331fb2-d0b0-44f6fcc85e3e",
        "status": "COMPLETED",
        "mode": "SINGLE",
        "humanImagePath": "https://backend.miragic.ai/uploads/temp/1759935012047-9783377-1.jpg",
        "clothImagePath": "https://backend.miragic.ai/uploads/virtualtryon/original/clothes/single/0f01f45d-37e5-4796-ae1d-aca695a0d792/3baecbdb-d7fe-4599-b542-b86f4d28fa90.jpg",
        "bottomClothImagePath": None,
        "resultImagePath": "https://backend.miragic.ai/uploads/virtualtryon/processed/single/0f01f45d-37e5-ae1d-aca695a0d792/b86386c0-7626-4d3b-9572-5dae9c59fccd.jpg",
        "processedUrl": "https://backend.miragic.ai/uploads/virtualtryon/processed/single/0f01f45d-4796-ae1d-aca695a0d792/b86386c0-7626-4d3b-9572-5dae9c59fccd.jpg",
        "createdAt": "2025-10-08T14:50:12.191Z",
        "processingStartedAt": "2025-10-08T14:50:12.194Z",
        "processingCompletedAt": "2025-10-08T14:50:32.211Z",
        "errorMessage": None,
    },
}


def form_of(request: bytes) -> dict[str, tuple[str, bytes]]:
    """Field to (its part's headers, its content), by the boundary in the header."""
    head, _, body = request.partition(b"\r\n\r\n")
    boundary = head.partition(b"boundary=")[2].split(b"\r\n")[0]
    parts = {}
    for piece in body.split(b"--" + boundary)[1:-1]:
        headers, _, content = piece.strip(b"\r\n").partition(b"\r\n\r\n")
        name = headers.partition(b'name="')[2].split(b'"')[0].decode()
        parts[name] = (headers.decode(), content)
    return parts


@pytest.mark.parametrize("garment_type", ["upper_body", "lower_body", "full_body"])
def test_submit_single(wire, api, garment_type):
    """curl -X POST …/virtual-try-on -H X-API-Key -F garmentType -F humanImage -F clothImage"""  # noqa: E501
    wire.says(200, ACCEPTED_SINGLE)
    answer = api.submit(KEY, human=b"H", cloth=b"C", garment_type=garment_type)
    assert answer.remote_id == "25331fb2-d0b0-44bd-b932-44f6fcc85e3e"
    assert answer.created_at.isoformat() == "2025-10-08T13:46:57.867000+00:00"
    request = wire.requests[0]
    assert request.startswith(b"POST /api/v1/virtual-try-on HTTP/1.1\r\n")
    assert f"X-API-Key: {KEY}".encode() in request
    form = form_of(request)
    assert set(form) == {"garmentType", "humanImage", "clothImage"}
    assert form["garmentType"][1] == garment_type.encode()
    assert form["humanImage"][1] == b"H"
    assert 'filename="human.jpg"' in form["humanImage"][0]
    assert "Content-Type: image/jpeg" in form["humanImage"][0]
    assert 'filename="cloth.jpg"' in form["clothImage"][0]


def test_submit_combo(wire, api):
    """… -F garmentType=comb -F humanImage -F clothImage -F bottomClothImage"""
    wire.says(200, ACCEPTED_COMBO)
    answer = api.submit(KEY, human=b"H", cloth=b"T", bottom=b"B")
    assert answer.remote_id == "89011007-ea00-4160-9f3d-b15e77b719bc"
    form = form_of(wire.requests[0])
    assert form["garmentType"][1] == b"comb"
    assert (form["clothImage"][1], form["bottomClothImage"][1]) == (b"T", b"B")
    assert 'filename="bottom.jpg"' in form["bottomClothImage"][0]


def test_status_completed(wire, api):
    """curl -X GET …/virtual-try-on/25331fb2-d0b0-44f6fcc85e3e -H X-API-Key"""
    wire.says(200, json.dumps(COMPLETED))
    answer = api.poll(KEY, "25331fb2-d0b0-44f6fcc85e3e")
    assert answer.state == JobState.COMPLETED
    assert answer.result_url == COMPLETED["data"]["resultImagePath"]
    assert answer.seconds == pytest.approx(20.02)
    assert answer.error_message == ""
    assert wire.requests[0].startswith(
        b"GET /api/v1/virtual-try-on/25331fb2-d0b0-44f6fcc85e3e HTTP/1.1\r\n"
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", JobState.RUNNING),
        ("COMPLETED", JobState.COMPLETED),
        ("FAILED", JobState.FAILED),
    ],
)
def test_task_status_table(wire, api, status, state):
    data = {**COMPLETED["data"], "status": status}
    wire.says(200, json.dumps({"success": True, "data": data}))
    assert api.poll(KEY, "x").state == state


def test_our_pictures_addresses_are_never_kept(wire, api):
    wire.says(200, json.dumps(COMPLETED))
    raw = json.dumps(api.poll(KEY, "x").raw)
    assert "1759935012047" not in raw
    assert "original/clothes" not in raw
    assert "processingStartedAt" in raw


def test_rate_limit_error(wire, api):
    """ "If this limit is exceeded, an error (Too Many Requests) will be returned."""
    from tryon.miragic import RateLimited

    wire.says(429, "Too Many Requests")
    with pytest.raises(RateLimited):
        api.poll(KEY, "x")
