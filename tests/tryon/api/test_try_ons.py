"""Pictures through the API: asked for, looked at, fetched, cancelled, deleted."""

import base64
import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.factories import picture_bytes
from tests.tryon.api.conftest import Program
from tryon.models import Status, TryOn


def photo(program: Program, customer: str | None = "c-1", **fields):
    form = {"file": File("me.jpg", picture_bytes()), "consent": "true", **fields}
    if customer is not None:
        form["customer"] = customer
    response = program.post("/photos", form)
    assert response.status_code == 201, response.content
    return response.json()


@pytest.fixture
def shirt(db):
    return factories.garment(sku="FR-1", name="Linen shirt")


@pytest.fixture
def asked(program, shirt):
    sent = {"photo": photo(program)["id"], "garment": "FR-1", "customer": "c-1"}
    response = program.send("/try-ons", sent)
    assert response.status_code == 202, response.content
    return response


def test_a_picture_is_asked_for_once(program, asked, shirt):
    value = asked.json()
    assert asked["Location"].endswith(f"/api/v1/try-ons/{value['id']}")
    assert int(asked["Retry-After"]) >= 1
    assert value["status"] == "queued" and value["mode"] == "single"
    assert value["garment"] == {
        "sku": "FR-1",
        "id": str(shirt.pk),
        "name": "Linen shirt",
    }
    assert value["place"] == 1 and value["charged"] is False
    assert value["picture_url"] is None and value["failure"] is None
    assert value["customer"] == "c-1" and value["created_at"].endswith("Z")
    again = program.send(
        "/try-ons",
        {"photo": value["photo"], "garment": str(shirt.pk), "customer": "c-1"},
    )
    assert (again.status_code, again.json()["id"]) == (200, value["id"])
    row = TryOn.objects.get()
    assert row.source == "api" and row.shop_key.label == "Shop"


def test_the_same_look_costs_two_queries_and_nothing_is_sent_again(program, asked):
    path = f"/try-ons/{asked.json()['id']}"
    first = program.get(path)
    with CaptureQueriesContext(connection) as queries:
        second = program.get(path, headers={"If-None-Match": first["ETag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert len(queries) <= 2, [q["sql"] for q in queries]
    assert int(second["Retry-After"]) >= 1
    with CaptureQueriesContext(connection) as queries:
        assert program.get(path).status_code == 200
    assert len(queries) <= 2
    services_move(asked.json()["id"])
    changed = program.get(path, headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed.json()["status"]) == (200, "canceled")


def services_move(pk: str) -> None:
    TryOn.objects.get(pk=pk).move(Status.CANCELED, now=factories.NOW)


def test_a_picture_comes_labelled_and_is_not_sent_twice(program):
    owner = factories.customer()
    made = factories.try_on(owner, Status.COMPLETED)
    value = program.get(f"/try-ons/{made.pk}").json()
    assert value["charged"] is True and value["width"] == made.result.width
    assert value["picture_url"].endswith(f"/api/v1/try-ons/{made.pk}/picture")
    response = program.get(f"/try-ons/{made.pk}/picture")
    assert response["Content-Type"] == "image/jpeg"
    assert b"rainedAlgorithmicMedia" in response.content
    path, packed = f"/try-ons/{made.pk}/picture", {"Accept-Encoding": "gzip"}
    etag = program.get(path, headers=packed)["ETag"]
    assert etag == response["ETag"]
    for named in (etag, f"W/{etag}", f'"a", {etag}', "*"):
        kept = {"If-None-Match": named, **packed}
        assert program.get(path, headers=kept).status_code == 304, named
    assert program.get(path, headers={"If-None-Match": '"a"'}).status_code == 200
    made.result.review_state = "hidden"
    made.result.save()
    assert program.get(f"/try-ons/{made.pk}/picture").status_code == 404
    assert program.get(f"/try-ons/{made.pk}").json()["picture_url"] is None


def test_others_photos_and_clothes_are_told_from_none(program, shirt, alice):
    theirs = [factories.photo(alice).pk, factories.photo(factories.customer("x")).pk]
    for pk in (*theirs, uuid.uuid4()):
        sent = {"photo": str(pk), "garment": "FR-1", "customer": "c-1"}
        response = program.send("/try-ons", sent)
        assert response.status_code == 404
        assert [e["field"] for e in response.json()["errors"]] == ["photo"]
    made = factories.try_on(alice, Status.COMPLETED)
    for path in (f"/try-ons/{made.pk}", f"/photos/{made.photo_id}"):
        assert program.get(path).status_code == 404
        assert program.delete(path).status_code == 404
    assert TryOn.objects.filter(deleted_at=None).count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"photo": "no"}, "photo"),
        ({"photo": None}, "photo"),
        ({"garment": 7}, "garment"),
        ({"garment": "a\0b"}, "garment"),
        ({"garment": "x" * 41}, "garment"),
        ({"bottom": "FR-1"}, "bottom"),
        ({"custmer": "c-1"}, "custmer"),
        ({"again": "yes"}, "again"),
        ({"customer": ""}, "customer"),
        ({"customer": "x" * 129}, "customer"),
        ({"customer": "a\nb"}, "customer"),
    ],
)
def test_what_is_wrong_is_named(program, shirt, change, field):
    sent = {"photo": photo(program)["id"], "garment": "FR-1", "customer": "c-1"}
    response = program.send("/try-ons", sent | change)
    assert response.status_code == 422, response.content
    told = response.json()
    assert told["code"] == "invalid" and field in [e["field"] for e in told["errors"]]
    assert TryOn.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"photo": NaN}',
        b'{"photo": 1, "photo": 1}',
        b"[" * 100_000,
        b'{"photo": "\\ud800"}',
        b"\xff\xfe",
        b"null",
    ],
)
def test_what_is_no_json_is_told_so(program, body):
    response = program.generic(
        "POST", "/try-ons", body, content_type="application/json"
    )
    assert response.status_code in (400, 422)
    assert response["Content-Type"] == "application/problem+json"


def test_too_large_and_of_another_type(program):
    large = b'{"a": "' + b"x" * 11_000_000 + b'"}'
    sent = program.generic("POST", "/try-ons", large, content_type="application/json")
    assert (sent.status_code, sent.json()["code"]) == (413, "too_large")
    for kind in ("text/plain", "application/json; charset=latin-1", ""):
        sent = program.generic("POST", "/try-ons", b"{}", content_type=kind)
        assert (sent.status_code, sent.json()["code"]) == (
            415,
            "unsupported_media_type",
        )


def test_cancel_send_again_delete(program, asked):
    path = f"/try-ons/{asked.json()['id']}"
    assert program.post(f"{path}/send-again").json()["code"] == "too_late"
    for _time in range(2):
        assert program.post(f"{path}/cancel").json()["status"] == "canceled"
    lost = factories.try_on(factories.customer(), Status.UNCONFIRMED)
    assert program.get(f"/try-ons/{lost.pk}").json()["status"] == "unconfirmed"
    sent = program.post(f"/try-ons/{lost.pk}/send-again")
    assert (sent.status_code, sent.json()["status"]) == (200, "queued")
    made = factories.try_on(factories.customer(), Status.COMPLETED)
    assert program.post(f"/try-ons/{made.pk}/cancel").status_code == 409
    assert program.delete(path).status_code == 204
    assert program.delete(path).status_code == program.get(path).status_code == 404


def test_lists_go_on_where_they_stopped(program, shirt):
    owner = factories.customer()
    rows = [factories.try_on(owner, Status.CANCELED) for _n in range(5)]
    rows += [factories.try_on(owner, Status.COMPLETED, garment=shirt)]
    factories.try_on(factories.customer("other"))
    path, ids = "/try-ons?customer=c-1&limit=4", []
    while path:
        page = program.get(path)
        value = page.json()
        ids += [one["id"] for one in value["items"]]
        path = value["next"] and value["next"].partition(":8000")[2]
        assert ('rel="next"' in page.get("Link", "")) == bool(path)
    assert sorted(ids) == sorted(str(row.pk) for row in rows)
    found = program.get("/try-ons?customer=c-1&status=completed").json()["items"]
    assert [one["id"] for one in found] == [str(rows[-1].pk)]
    found = program.get("/try-ons?customer=c-1&garment=FR-1").json()["items"]
    assert [one["id"] for one in found] == [str(rows[-1].pk)]
    assert program.get("/try-ons").json() == {"items": [], "next": None}
    for moment in ("", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        text = f"{moment} {uuid.uuid4()}".encode()
        cursor = base64.urlsafe_b64encode(text).decode().rstrip("=")
        assert program.get(f"/try-ons?cursor={cursor}").status_code == 404, moment
    for wrong in ("limit=0", "limit=101", "limit=x", "cursor=%00", "a=1",
                  "status=done", "customer=a&customer=b"):  # fmt: skip
        assert program.get(f"/try-ons?{wrong}").status_code == 422, wrong


def test_the_limit_is_told_and_when_it_ends(program, shirt, settings):
    settings.TRYON_DAILY_LIMIT = 1
    for garment, status in ((shirt, 202), (factories.garment(sku="FR-2"), 429)):
        sent = {
            "photo": photo(program)["id"],
            "garment": garment.sku,
            "customer": "c-1",
        }
        response = program.send("/try-ons", sent)
        assert response.status_code == status
    assert response.json()["code"] == "limit_reached"
    assert 86_000 < int(response["Retry-After"]) <= 86_400
    settings.TRYON_SHOP_DAILY_LIMIT = 3
    for n, status in enumerate((202, 202, 429)):
        sent = {"photo": photo(program, None)["id"], "garment": "FR-1"}
        assert program.send("/try-ons", sent).status_code == status, n


def test_a_combo(program, shirt):
    factories.garment("lower_body", sku="FR-9")
    sent = {"photo": photo(program, None)["id"], "garment": "FR-1", "bottom": "FR-9"}
    value = program.send("/try-ons", sent).json()
    assert (value["mode"], value["bottom"]["sku"]) == ("combo", "FR-9")
    assert value["customer"] is None


def test_the_same_photo_is_there_already(program):
    data = picture_bytes()

    def send(**fields):
        form = {"file": File("me.jpg", data), "consent": "true", "customer": "c-1"}
        return program.post("/photos", form | fields)

    first, second = send(), send()
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert set(first.json()) == {
        "id", "customer", "width", "height", "created_at", "advice",
    }  # fmt: skip
    for fields, field in (
        ({"consent": "false"}, "consent"),
        ({"consent": "perhaps"}, "consent"),
        ({"file": File("me.jpg", b"no picture")}, "file"),
        ({"file": File("me.jpg", b"")}, "file"),
        ({"file": "text"}, "file"),
        ({"customer": "\x01"}, "customer"),
        ({"more": "1"}, "more"),
    ):
        response = send(**fields)
        assert response.status_code == 422, (fields, response.content)
        assert field in [error["field"] for error in response.json()["errors"]]
    for path in (f"/photos/{first.json()['id']}?a=1", "/photos?a=1"):
        assert program.get(path).status_code == 422
    assert program.post("/photos?custmer=x", {}).status_code == 422
    listed = program.get("/photos?customer=c-1").json()["items"]
    assert [one["id"] for one in listed] == [first.json()["id"]]
    assert program.delete(f"/photos/{first.json()['id']}").status_code == 204
    assert program.get(f"/photos/{first.json()['id']}").status_code == 404
    assert io.BytesIO(data).read() == data
