"""What schemathesis cannot draw by lot: pictures, and things that are there.

`SCHEMATHESIS_HOOKS=tests.contract.hooks`; FITTING_ROOM_SKU and FITTING_ROOM_PHOTO name
a piece and a photo of the site under test.
"""

import io
import os
import random
from typing import Any

import schemathesis
from PIL import Image

KNOWN = {
    "garment": os.environ.get("FITTING_ROOM_SKU", ""),
    "photo": os.environ.get("FITTING_ROOM_PHOTO", ""),
}


def make_picture() -> bytes:
    out = io.BytesIO()
    color = tuple(random.randrange(256) for _n in range(3))
    Image.new("RGB", (320, 400), color).save(out, "JPEG")
    return out.getvalue()


@schemathesis.hook
def map_case(context: Any, case: Any) -> Any:
    """Every second of those that fit: what a sound program would send.

    Not in chains of requests, where it would be judged by what was drawn first.
    """
    meta = case.meta
    fits = meta is not None and "fuzz" in str(meta.phase.name).lower()
    fits = fits and meta.generation.mode.is_positive
    fits = fits and all(part.mode.is_positive for part in meta.components.values())
    if fits and isinstance(case.body, dict) and random.random() < 0.5:
        case.body = _make_body(case.operation) or case.body
    return case


def _make_body(operation: Any) -> dict[str, Any] | None:
    noun = operation.path.split("/")[3]
    if (operation.method, noun) == ("post", "photos"):
        return {"file": make_picture(), "consent": "true"}
    if (operation.method, noun) == ("put", "garments"):
        return {"file": make_picture(), "name": "Shirt", "kind": "upper_body"}
    if (operation.method, noun) == ("post", "try-ons"):
        return {**KNOWN, "again": bool(random.getrandbits(1))}
    return None
