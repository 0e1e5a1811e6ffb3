"""The client of docs/examples, eight of it at once, while web and worker are killed.

``python -m tests.faults.rest [outfits]``: each of the eight asks for all outfits, under
the same idempotency keys. Ends with 1 if one was paid for twice, or lost.
"""

import importlib.util
import io
import itertools
import json
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from PIL import Image

from tests.live import LiveSite, live_site
from vto_site.env import BASE_DIR

CLIENTS = 8
LABEL = b"rainedAlgorithmicMedia"


def load_client() -> Any:
    path = BASE_DIR / "docs" / "examples" / "client.py"
    spec = importlib.util.spec_from_file_location("example_client", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def picture(n: int) -> bytes:
    """One for each number, told apart after it was encoded anew."""
    image = Image.new("RGB", (320, 400), (120, 140, 90))
    for bit in range(16):
        if n >> bit & 1:
            x, y = 80 * (bit % 4), 100 * (bit // 4)
            image.paste((200, 60, 40), (x, y, x + 80, y + 100))
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def run(folder: Path, outfits: int, speed: float = 10) -> dict[str, Any]:
    """What came of it."""
    with live_site(folder, speed=speed, TRYON_API_RATE="100000") as site:
        site.start_sandbox(plain=True, spread=0.2)
        site.start("web", "worker", "beat")
        site.until(site.is_up)
        secret = site.manage("shop_key", "example").stdout.strip()
        room = load_client().FittingRoom(site.url, secret)
        photos = [picture(n) for n in range(-(-outfits // 20))]
        for n in range(10):
            for letter, kind in (("T", "upper_body"), ("B", "lower_body")):
                form = {"name": kind, "kind": kind}
                file = {"file": picture(100 * ord(letter) + n)}
                room.call("PUT", f"/garments/{letter}-{n}", data=form, files=file)
        tops = [(f"T-{n}", None) for n in range(10)]
        combos = [(f"T-{n}", f"B-{n}") for n in range(10)]
        wanted = list(itertools.product(photos, tops + combos))[:outfits]
        return _race(site, room, wanted)


def _race(site: LiveSite, room: Any, wanted: list[Any]) -> dict[str, Any]:
    got: list[dict[int, bytes | None]] = [{} for _n in range(CLIENTS)]

    def ask(pictures: dict[int, bytes | None], seed: int) -> None:
        order = list(range(len(wanted)))
        random.Random(seed).shuffle(order)
        for n in order:
            photo, (top, bottom) = wanted[n]
            pictures[n] = room.picture(photo, top, bottom, key=f"outfit-{n}")

    threads = [
        threading.Thread(target=ask, args=(pictures, seed), daemon=True)
        for seed, pictures in enumerate(got)
    ]
    for thread in threads:
        thread.start()
    kills, rng = 0, random.Random(1)
    while any(thread.is_alive() for thread in threads):
        time.sleep(rng.uniform(2, 5))
        name = rng.choice(("web", "worker"))
        site.kill(name)
        site.start(name)
        kills += 1
    states, sandbox = site.states(), site.sandbox()
    assert sandbox is not None
    some = [data for pictures in got for data in pictures.values() if data]
    return {
        "kills": kills,
        "outfits": len(wanted),
        "rows": sum(states.values()),
        "completed": states["completed"],
        "unconfirmed": states["unconfirmed"],
        "failed": states["failed"],
        "pictures_a_client": [
            sum(data is not None for data in pictures.values()) for pictures in got
        ],
        "unlabelled": sum(LABEL not in data for data in some),
        "submits": sandbox["submits"],
        "distinct": sandbox["distinct_pictures"],
        "refused_429": sandbox["refused_429"],
    }


def is_right(told: dict[str, Any]) -> bool:
    """A submit that was cut off may not have arrived; none arrived twice."""
    outfits, lost = told["outfits"], told["unconfirmed"]
    return (
        told["rows"] == outfits == told["completed"] + lost
        and told["submits"] == told["distinct"]
        and outfits - lost <= told["submits"] <= outfits
        and min(told["pictures_a_client"]) >= outfits - lost
        and not told["unlabelled"]
    )


def main() -> int:
    outfits = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    told = run(Path(tempfile.mkdtemp(prefix="rest-")), outfits)
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    return int(not is_right(told))


if __name__ == "__main__":
    sys.exit(main())
