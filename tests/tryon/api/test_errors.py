"""Every error is a problem document, whoever answers it; never HTML, never a trace."""

import json
import re
import time

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT

from tests import factories
from tests.conftest import StrictClient
from tests.factories import picture_bytes
from tests.tryon.api.conftest import Program
from tryon import services
from tryon.api.problems import BY_STATUS, KINDS
from tryon.models import ShopKey
from tryon.pictures import normalise, storage

TEXT = {"content_type": "application/json"}


def told(response) -> dict:
    assert response["Content-Type"] == "application/problem+json", response.content
    value = json.loads(response.content)
    assert value["status"] == response.status_code
    assert set(value) >= {"type", "title", "status", "detail", "code"}
    assert "Traceback" not in response.content.decode()
    return value


def test_unknown_addresses(program):
    program.handler.enforce_csrf_checks = True  # as outside of tests
    for path in ("/nothing", "/photos/x", "/try-ons/", "/photos/1/2", "/api", "/api/",
                 "/api/v1", "/api/v1/"):  # fmt: skip
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            response = program.generic(method, path)
            assert told(response)["code"] in ("not_found", "method_not_allowed"), path
    for path in ("/openapi.json", "/docs"):
        for method in ("POST", "DELETE", "OPTIONS"):
            response = program.generic(method, path)
            assert told(response)["code"] == "method_not_allowed", path
            assert response["Allow"] == "GET, HEAD"
    assert told(Program(None).get("/nothing"))["code"] == "not_found"


@pytest.mark.parametrize("name", ["%00", "a%00b", "%FF", "%ED%A0%80", "x" * 9000])
def test_names_that_nobody_has(program, name):
    """On PostgreSQL too, which takes no NUL."""
    for path in (f"/garments/{name}", f"/customers/{name}", f"/photos/{name}"):
        for method in ("GET", "DELETE"):
            assert told(program.generic(method, path))["code"] == "not_found", path


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "FOO"])
def test_methods(program, method):
    response = program.generic(method, "/photos", b"{}", **TEXT)
    assert told(response)["code"] == "method_not_allowed"
    assert set(response["Allow"].split(", ")) == {"GET", "POST"}


def test_head_is_get(program):
    assert program.head("/garments").status_code == 200
    assert Program(None).head("/garments").status_code == 401


def test_what_nobody_reads_as_a_form(program):
    for body, kind in (
        (b"nonsense", MULTIPART_CONTENT),
        (b"", MULTIPART_CONTENT),
        (b"--x", "multipart/form-data"),
        (b"a" * 200, "multipart/form-data; boundary=" + "x" * 200),
        (b"--" + BOUNDARY.encode() + b"\r\n\r\n", MULTIPART_CONTENT),
        (b"a=1", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ):
        for method, path in (("POST", "/photos"), ("PUT", "/garments/A")):
            response = program.generic(method, path, body, content_type=kind)
            assert told(response)["status"] in (400, 415, 422), (kind, body)


def test_what_is_wrong_with_all_of_a_body(program):
    for body in (b"[1]", b'"text"', b"null", b"", b'{"\\ud800": 1}'):
        response = program.generic("POST", "/try-ons", body, **TEXT)
        assert told(response)["errors"][0]["field"] == "body", body


def test_many_names_hold_nobody_up(program):
    """Each is compared with all others at once, and few are told of."""
    body = json.dumps({f"n{n}": n for n in range(60_000)})
    began = time.thread_time()
    response = program.generic("POST", "/try-ons", body, **TEXT)
    assert time.thread_time() - began < 10
    assert 10 < len(told(response)["errors"]) <= 50


def test_what_a_body_says_it_is(program):
    """Before what is in it: one that is no form has no fields that could be missing."""
    form, packed = f"{MULTIPART_CONTENT}; charset=", {"Content-Encoding": "gzip"}
    for method, path, kind, headers in (
        ("POST", "/photos", "application/json", {}),
        ("POST", "/photos", "", {}),
        ("POST", "/photos", "application/x-www-form-urlencoded", {}),
        ("PUT", "/garments/A", "application/json", {}),
        ("POST", "/photos", form + "latin-1", {}),
        ("POST", "/photos", form + "nonsense", {}),
        ("POST", "/photos", MULTIPART_CONTENT, packed),
        ("POST", "/try-ons", "application/json", packed),
        ("POST", "/try-ons", MULTIPART_CONTENT, {}),
    ):
        response = program.generic(
            method, path, b"{}", content_type=kind, headers=headers
        )
        assert told(response)["code"] == "unsupported_media_type", (path, kind)


def test_what_is_no_utf_8(program):
    """Else two customers, each with another letter that was lost, would be one."""
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    body = part % (b"customer", b"J\xfcrgen") + part % (b"consent", b"true")
    body += part % (b'file"; filename="a.jpg', picture_bytes()) + b"--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    for response in (
        program.generic("POST", "/photos", body, content_type=kind),
        program.get("/photos?customer=J%FCrgen"),
        program.get("/try-ons?customer=J%FCrgen"),
    ):
        assert told(response)["errors"][0]["field"] == "customer"
    body = body.replace(b"J\xfcrgen", "Jürgen".encode())
    response = program.generic("POST", "/photos", body, content_type=kind)
    assert response.status_code == 201


def test_a_fault_of_ours(program, monkeypatch, settings):
    def broken(*args, **kwargs):
        raise RuntimeError("fr_" + "s" * 43)

    monkeypatch.setattr(services, "retire_garment", broken)
    factories.garment(sku="FR-1")
    for debug in (False, True):
        settings.DEBUG = debug
        response = program.delete("/garments/FR-1")
        assert told(response)["code"] == "internal"
        assert b"RuntimeError" not in response.content and response["X-Request-ID"]


@pytest.mark.parametrize("error", [normalise.Busy, storage.Away("s3")])
def test_away_for_a_moment(program, monkeypatch, error):
    def away(*args, **kwargs):
        raise error

    monkeypatch.setattr(services, "retire_garment", away)
    factories.garment(sku="FR-1")
    response = program.delete("/garments/FR-1")
    assert told(response)["code"] == "busy" and response["Retry-After"] == "10"


def test_hosts_and_sizes(program, settings):
    assert told(program.get("/limits", headers={"Host": "evil.example.org"}))
    settings.MAX_BODY_MB = 0.001
    response = program.generic("POST", "/photos", b"x" * 2000, **TEXT)
    assert told(response)["code"] == "too_large"
    chunked = program.generic(
        "POST", "/photos", b"x", HTTP_TRANSFER_ENCODING="chunked", **TEXT
    )
    assert told(chunked)["code"] == "length_required"


def test_what_is_accepted(program):
    for kind in ("text/html", "image/png", "application/json;q=0", "nonsense"):
        response = program.get("/garments", headers={"Accept": kind})
        assert told(response)["code"] == "not_acceptable"
    for kind in ("*/*", "application/json", "text/html, */*;q=0.1", "",
                 "application/json; charset=utf-8", "application/json;odata=verbose",
                 "application/*;q=0.5"):  # fmt: skip
        assert program.get("/garments", headers={"Accept": kind}).status_code == 200


def test_the_pace_of_a_key(db, settings):
    settings.TRYON_API_RATE = 3
    program = Program(factories.shop_key())
    left = [program.get("/garments")["RateLimit"] for _n in range(3)]
    assert [int(re.search(r"r=(\d+)", text)[1]) for text in left] == [2, 1, 0]
    response = program.get("/garments")
    assert told(response)["code"] == "too_fast"
    assert 1 <= int(response["Retry-After"]) <= 20
    assert response["RateLimit-Policy"] == '"default";q=3;w=60'
    assert Program(factories.shop_key()).get("/garments").status_code == 200
    ShopKey.objects.update(full_at=0)
    assert program.get("/garments").status_code == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic abc", "Bearer fr_", f"Bearer fr_{'é' * 43}",
     f"Bearer fr_{'a' * 43} x", f"bearer fr_{'a' * 43}", "Bearer " + "a" * 9000],
)  # fmt: skip
def test_what_is_no_key(db, header):
    response = Program(None).get("/limits", headers={"Authorization": header})
    assert told(response)["code"] in ("no_key", "wrong_key")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_key_in_the_address_is_no_key(db):
    secret = factories.shop_key()
    for method in ("GET", "POST", "DELETE"):
        path = f"/photos?access_token={secret}"
        response = Program(None).generic(method, path)
        assert told(response)["code"] in ("no_key", "method_not_allowed"), method


def test_each_code_has_its_page(client, db):
    assert set(BY_STATUS.values()) <= set(KINDS)
    for code in KINDS:
        page = client.get(f"/problems/{code.replace('_', '-')}/")
        assert page.status_code == 200 and KINDS[code].title in page.content.decode()
    assert client.get("/problems/nothing/").status_code == 404


def test_the_documentation_asks_nobody_else(client, db):
    page = StrictClient().get("/api/v1/docs").content.decode()
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"200", "202", "401", "422"} <= set(
        document["paths"]["/api/v1/try-ons"]["post"]["responses"]
    )
    for path, operations in document["paths"].items():
        told = operations.get("get", {"responses": {"304": None}})
        assert "304" in told["responses"], path
    shapes = document["components"]["schemas"].values()
    parts = [part for shape in shapes for part in shape.get("properties", {}).values()]
    assert "" not in [part.get("default") for part in parts]  # shorter than it may be
