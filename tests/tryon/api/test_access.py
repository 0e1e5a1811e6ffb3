"""Every address of the API × who asks → what they get: access.txt, and it is whole."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.db import transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from tests import factories
from tests.factories import picture_bytes
from tests.tryon.api.conftest import Program
from tryon.api.site import api
from tryon.models import EventType, Scope, ShopKey, Status
from tryon.services import shop_keys, webhooks

WHO = ("all", "none", "wrong", "over", "gone", *Scope.values, "others")
LINES = Path(__file__).with_name("access.txt").read_text().splitlines()
TABLE = {
    (method, path): dict(zip(WHO, row, strict=True))
    for method, path, *row in (line.split() for line in LINES if line[:1] != "#")
}
ERRORS = (401, 403, 404, 405, 409)


def test_the_table_is_whole():
    documented = set()
    noun = {"photos": "photo", "try-ons": "try_on", "customers": "customer"}
    for path, operations in api.get_openapi_schema()["paths"].items():
        short = path.removeprefix("/api/v1")
        id = noun.get(short.split("/")[1], "webhook")
        short = short.replace("{id}", f"{{{id}}}")
        documented |= {(method.upper(), short) for method in operations}
    assert len(documented) > 25
    extra = {("GET", p) for p in ("/openapi.json", "/docs", "/", "/nothing")}
    assert set(TABLE) == documented | extra


@pytest.fixture
def programs(db) -> dict[str, Program]:
    keys = {"all": factories.shop_key(), "others": factories.shop_key()}
    keys |= {scope: factories.shop_key(scope) for scope in Scope.values}
    keys["wrong"] = f"fr_{'x' * 43}"
    over = timezone.now() - timedelta(seconds=1)
    keys["over"] = factories.shop_key(expires_at=over)
    keys["gone"] = factories.shop_key(label="Revoked")
    key = ShopKey.objects.get(label="Revoked")
    shop_keys.revoke_shop_key(key=key, now=timezone.now())
    return {"none": Program(None)} | {n: Program(key) for n, key in keys.items()}


def objects(mine: bool, alice) -> dict[str, str]:
    """By their names in the table; `mine`: of the API, else of the pages."""
    owner = factories.customer() if mine else alice
    made = factories.try_on(owner, Status.COMPLETED)
    sku = "FR-1" if mine else ""
    piece = factories.garment(sku=sku, owner=None if mine else alice)
    hook = webhooks.create_endpoint(
        url="https://shop.example.org/", events=[EventType.TEST], now=timezone.now()
    )
    return {
        "photo": str(made.photo_id),
        "try_on": str(made.pk),
        "sku": sku or str(piece.pk),
        "customer": "c-1" if mine else str(alice.pk),
        "webhook": str(hook.pk if mine else uuid.uuid4()),
    }


def body_of(method: str, path: str, found: dict[str, str]) -> dict:
    picture = File("a.jpg", picture_bytes())
    forms = {
        "/photos": {"file": picture, "consent": "true"},
        "/garments/{sku}": {"file": picture, "name": "S", "kind": "upper_body"},
    }
    values = {
        ("POST", "/try-ons"): {
            "photo": found["photo"],
            "garment": "FR-1",
            "customer": "c-1",
        },
        ("POST", "/embed-tokens"): {"customer": "c-1"},
        ("POST", "/webhooks"): {
            "url": "https://shop.example.org/2",
            "events": ["test"],
        },
        ("PATCH", "/webhooks/{webhook}"): {"active": True},
    }
    if method in ("POST", "PUT") and path in forms:
        data = encode_multipart(BOUNDARY, forms[path])
        return {"data": data, "content_type": MULTIPART_CONTENT}
    if (method, path) in values:
        return {"json": values[method, path]}
    return {}


def test_who_gets_what(programs, alice, settings):
    settings.TRYON_EMBED_ORIGINS = ["https://shop.example.org"]
    mine, theirs = objects(True, alice), objects(False, alice)
    wrong = []
    for (method, path), row in TABLE.items():
        for who, expected in row.items():
            if expected == "-":
                continue
            found = theirs if who == "others" else mine
            sent = body_of(method, path, found)
            if "json" in sent:
                sent = {
                    "data": programs[who]._encode_json(
                        sent["json"], "application/json"
                    ),
                    "content_type": "application/json",
                }
            with transaction.atomic():
                response = programs[who].generic(method, path.format(**found), **sent)
                transaction.set_rollback(True)
            kind = response.headers.get("Content-Type", "")
            told = kind == "application/problem+json"
            if response.status_code != int(expected) or told != (
                response.status_code in ERRORS
            ):
                wrong.append(f"{method} {path} for {who}: {response.status_code}")
            if response.status_code == 401:
                assert response["WWW-Authenticate"] == "Bearer"
    assert wrong == []
