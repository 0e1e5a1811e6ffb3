"""The catalogue, kept up to date by the shop's own programs."""

import threading
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.db import connection
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from tests import factories
from tests.factories import picture_bytes
from tests.tryon.api.conftest import Program
from tryon.feeds import fetching
from tryon.feeds.errors import TryLater
from tryon.models import Garment, Status, TryOn


def put(program: Program, sku: str, data: bytes | None = None, **fields):
    form = {"name": "Linen shirt", "kind": "upper_body", **fields}
    if data is not None:
        form["file"] = File("a.jpg", data)
    body = encode_multipart(BOUNDARY, form)
    path = f"/garments/{quote(sku, safe='')}"
    return program.generic("PUT", path, body, content_type=MULTIPART_CONTENT)


def test_new_then_there_then_another_picture(program):
    data = picture_bytes()
    first = put(program, "FR-1", data, product_url="https://shop.example.org/1")
    assert first.status_code == 201
    value = first.json()
    assert (value["sku"], value["kind"]) == ("FR-1", "upper_body")
    assert value["product_url"] == "https://shop.example.org/1"
    assert program.get("/garments/FR-1").json() == value
    same = put(program, "FR-1", data, product_url="https://shop.example.org/1")
    assert (same.status_code, same.json()) == (200, value)
    made = factories.try_on(
        factories.customer(), Status.COMPLETED, garment=Garment.objects.get()
    )
    changed = put(program, "FR-1", picture_bytes(), name="Shirt")
    assert changed.status_code == 200 and changed.json()["id"] == value["id"]
    assert changed.json()["name"] == "Shirt"
    assert changed.json()["product_url"] is None
    assert program.get(f"/try-ons/{made.pk}/picture").status_code == 200
    sent = {"photo": str(made.photo_id), "garment": "FR-1", "customer": "c-1"}
    assert program.send("/try-ons", sent).status_code == 202  # not the old one
    assert TryOn.objects.count() == 2


def test_retired_and_back(program):
    put(program, "FR-1", data := picture_bytes())
    began = Garment.objects.get().updated_at.isoformat()
    for _time in range(2):
        assert program.delete("/garments/FR-1").status_code == 204
    assert program.get("/garments/FR-1").status_code == 404
    assert program.get("/garments").json()["items"] == []
    since = f"/garments?updated_since={quote(began)}"
    assert [one["retired"] for one in program.get(since).json()["items"]] == [True]
    back = put(program, "FR-1", data)
    assert (back.status_code, back.json()["retired"]) == (200, False)
    assert program.get("/garments/FR-1").status_code == 200


def test_skus_as_shops_have_them(program):
    for sku in ("A/B 1", "grün-ß", "%2F", "a?b#c", "日本", "x" * 40):
        made = put(program, sku, picture_bytes())
        assert (made.status_code, made.json()["sku"]) == (201, sku)
        assert program.get(f"/garments/{quote(sku, safe='')}").json()["sku"] == sku
        assert program.delete(f"/garments/{quote(sku, safe='')}").status_code == 204


@pytest.mark.parametrize(
    ("sku", "fields", "field"),
    [
        ("x" * 41, {}, "sku"),
        (" a", {}, "sku"),
        ("a\u202eb", {}, "sku"),
        ("A", {"name": ""}, "name"),
        ("A", {"name": "x" * 81}, "name"),
        ("A", {"name": "a\u200bb"}, "name"),
        ("A", {"kind": "hat"}, "kind"),
        ("A", {"product_url": "javascript:alert(1)"}, "product_url"),
        ("A", {"product_url": f"https://a.example/{'x' * 200}"}, "product_url"),
        ("A", {"price": "9"}, "price"),
        ("A", {"image_url": "https://a.example/1.jpg"}, "file"),
    ],
)
def test_what_is_wrong_is_named(program, sku, fields, field):
    response = put(program, sku, picture_bytes(), **fields)
    assert response.status_code == 422, response.content
    assert field in [error["field"] for error in response.json()["errors"]]
    assert not Garment.objects.exists()


def test_neither_file_nor_address(program):
    response = put(program, "A")
    assert response.json()["errors"][0]["field"] == "file"
    response = put(program, "A", b"no picture")
    assert response.json()["errors"][0]["field"] == "file"


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/a.jpg", "https://localhost/a.jpg", "file:///etc/passwd",
     "http://169.254.169.254/latest", "nonsense", "https://[::1"],
)  # fmt: skip
def test_pictures_of_private_networks_are_not_fetched(program, address):
    response = put(program, "A", image_url=address)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "image_url"


def test_a_picture_from_a_server_that_is_away(program, monkeypatch):
    def fetch(url, known):
        raise TryLater

    monkeypatch.setattr(fetching, "fetch_picture", fetch)
    response = put(program, "A", image_url="https://shop.example.org/1.jpg")
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["field"] == "image_url" and "later" in error["message"]
    assert response.json()["detail"] == error["message"]


def test_a_picture_from_an_address(program, monkeypatch):
    def fetch(url, known):
        assert url == "https://shop.example.org/1.jpg"
        return picture_bytes(), fetching.Validators()

    monkeypatch.setattr(fetching, "fetch_picture", fetch)
    made = put(program, "A", image_url="https://shop.example.org/1.jpg")
    assert made.status_code == 201


def test_lists(program):
    for n in range(3):
        factories.garment(sku=f"S-{n}", name=f"Shirt {n}")
    factories.garment("lower_body", sku="T-1", name="Röhre")
    factories.garment(owner=factories.customer())
    found = {"": 4, "kind=upper_body": 3, "q=shirt": 3, "q=rohre": 1, "q=S-1": 1}
    found |= {"limit=2": 2, "updated_since=2099-01-01T00:00:00Z": 0}
    for query, n in found.items():
        assert len(program.get(f"/garments?{query}").json()["items"]) == n, query
    for wrong in ("kind=hat", "updated_since=yesterday", "updated_since=2026-01-01",
                  "updated_since=5", "updated_since=2026-02-30T00:00:00Z",
                  "updated_since=0001-01-01T00:00:00%2B14:00",
                  "updated_since=9999-12-31T23:59:59-14:00", "q=%00"):  # fmt: skip
        assert program.get(f"/garments?{wrong}").status_code == 422, wrong


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one():
    secret, data, answers = factories.shop_key(), picture_bytes(), []

    def send():
        answers.append(put(Program(secret), "FR-1", data).status_code)
        connection.close()

    threads = [threading.Thread(target=send) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 200, 200, 201]
    assert Garment.objects.count() == 1


def test_a_customer_is_told_of_and_forgotten(program):
    owner = factories.customer("shop/7 ü")
    factories.try_on(owner, Status.COMPLETED)
    path = f"/customers/{quote('shop/7 ü', safe='')}"
    value = program.get(path).json()
    assert (value["photos"], value["try_ons"], value["tries_left"]) == (1, 1, 20)
    receipt = program.delete(path).json()["receipt"]
    assert len(receipt) == 14
    for method in ("GET", "DELETE"):
        assert program.generic(method, path).status_code == 404
    assert not TryOn.objects.filter(deleted_at=None).exists()


def test_limits(program, settings):
    assert program.get("/limits").json()["tries_left_today"] is None
    settings.TRYON_SHOP_DAILY_LIMIT = 5
    factories.try_on(factories.customer(), created_at=timezone.now())
    value = program.get("/limits").json()
    assert (value["queued"], value["tries_left_today"]) == (1, 4)
    assert value["usual_seconds"]["p50"] < value["usual_seconds"]["p95"]
    assert value["oldest_queued_seconds"] >= 0
    assert value["keys_working"] == 1


def test_webhooks(program, settings):
    wanted = {"url": "https://shop.example.org/", "events": ["test", "try_on.failed"]}
    made = program.send("/webhooks", wanted)
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    path = f"/webhooks/{made.json()['id']}"
    got = program.get(path).json()
    assert got["events"] == ["try_on.failed", "test"] and "secret" not in got
    assert program.get("/webhooks").json()["items"] == [got]
    stopped = program.patch(path, {"active": False}, content_type="application/json")
    assert (stopped.json()["active"], stopped.json()["stopped"]) == (False, "by_hand")
    for wrong in ({"url": "http://a.example"}, {"url": ""}, {"events": ["x"]},
                  {"events": []}, {"active": 1}, {"a": 1}):  # fmt: skip
        told = program.patch(path, wrong, content_type="application/json")
        assert told.status_code == 422, wrong
    assert program.post(f"{path}/test").status_code == 202
    (delivery,) = program.get(f"{path}/deliveries").json()["items"]
    assert (delivery["type"], delivery["state"]) == ("test", "pending")
    assert program.delete(path).status_code == 204
    assert program.get(path).status_code == 404
    for wrong in ({"url": "https://a.example"}, {"url": "ftp://a", "events": ["test"]},
                  {"url": "https://a.example", "events": []}):  # fmt: skip
        assert program.send("/webhooks", wrong).status_code == 422
