"""Rows and pictures, made the short way."""

import io
import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image

from tryon import services
from tryon.models import Garment, Key, Photo, Result, Scope, Status, TryOn, User
from tryon.models.ledger import fingerprint
from tryon.pictures import normalise
from tryon.services import customers, shop_keys

NOW = datetime(2026, 5, 12, 14, 0, tzinfo=UTC)
_numbers = itertools.count()


def picture_bytes(
    width: int = 400, height: int = 500, format: str = "JPEG", mode: str = "RGB"
) -> bytes:
    """A picture unlike any other, so that none is taken for the same upload."""
    n = next(_numbers)
    image = Image.new("RGB", (width, height), (120, 140, 90))
    for bit in range(16):
        if n >> bit & 1:
            x, y = width * (bit % 4) // 4, height * (bit // 4) // 4
            image.paste((200, 60, 40), (x, y, x + width // 4, y + height // 4))
    out = io.BytesIO()
    image.convert(mode).save(out, format)
    return out.getvalue()


def photo(owner: User, **fields: Any) -> Photo:
    picture = normalise.read_person(io.BytesIO(picture_bytes()))
    now = fields.pop("now", NOW)
    made = services.add_photo(owner=owner, picture=picture, now=now)
    assert not fields
    return made


def garment(kind: str = "upper_body", owner: User | None = None, **fields: Any):
    picture = normalise.read_garment(io.BytesIO(picture_bytes()))
    fields.setdefault("name", f"Piece {next(_numbers)}")
    fields.setdefault("now", NOW)
    return services.add_garment(owner=owner, picture=picture, kind=kind, **fields)


def rename(garment: Garment, name: str) -> None:
    garment.name = name
    garment.save(update_fields=["name"])


def retire_all() -> None:
    for piece in Garment.objects.all():
        services.retire_garment(garment=piece, now=NOW)


def customer(external_id: str = "c-1") -> User:
    """Of the shop's own programs."""
    return customers.get_or_create_customer(external_id)


def shop_key(*scopes: str, label: str = "Shop", **fields: Any) -> str:
    """The secret of a new one; without scopes it may do all."""
    fields.setdefault("now", NOW)
    wanted = scopes or tuple(Scope.values)
    return shop_keys.create_shop_key(label=label, scopes=wanted, **fields)[1]


def key(secret: str, **fields: Any) -> Key:
    defaults = {"bucket_at": NOW, "bucket_level": 10, **fields}
    found, _ = Key.objects.update_or_create(
        fingerprint=fingerprint(secret), defaults=defaults
    )
    return found


def try_on(owner: User, status: str = Status.QUEUED, **fields: Any) -> TryOn:
    """A try-on in any state, with the columns that the state demands."""
    at = fields.pop("created_at", NOW)
    combo = fields.pop("combo", False)
    result = fields.pop("with_result", status == Status.COMPLETED)
    row: dict[str, Any] = {
        "owner": owner,
        "photo": fields.pop("photo", None) or photo(owner),
        "garment": fields.pop("garment", None) or garment(),
        "created_at": at,
        "token": uuid.uuid4(),
        "status": status,
    }
    if combo:
        row |= {
            "mode": TryOn.Mode.COMBO,
            "bottom_garment": garment("lower_body"),
        }
    else:
        row |= {"mode": TryOn.Mode.SINGLE, "garment_kind": row["garment"].kind}
    if status in (Status.PROCESSING, Status.FETCHING, Status.COMPLETED):
        row |= {
            "remote_id": uuid.uuid4().hex,
            "submitted_at": at + timedelta(seconds=1),
            "last_polled_at": at + timedelta(seconds=1),
        }
    if status in (Status.COMPLETED, Status.FAILED, Status.CANCELED):
        row["finished_at"] = at + timedelta(seconds=30)
    if status == Status.FAILED:
        row["failure_code"] = "not_made"
    if status in (Status.FAILED, Status.CANCELED):
        row["counts_against_limit"] = False
    made = TryOn.objects.create(**{**row, **fields})
    if result:
        picture = normalise.read_result(picture_bytes())
        kept = Result(try_on=made, created_at=at)
        kept.store(picture, NOW)
        kept.save()
    return made


def garments(n: int) -> list[Garment]:
    return [garment(sku=f"T-{i:04}") for i in range(n)]
