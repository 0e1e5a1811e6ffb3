"""`manage.py tryon` with real photographs through a real worker and beat."""

import io

import pillow_heif
import pytest
from PIL import Image

from tests.conftest import openvto_assets
from tests.live import live_site


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with live_site(tmp_path_factory.mktemp("shell"), speed=10) as site:
        site.start_sandbox(seconds=10, spread=0.1)
        site.start("worker", "beat")
        yield site


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """JPEG, PNG, WebP and HEIC of people and clothes."""
    from skimage import data

    folder = tmp_path_factory.mktemp("photographs")
    assets = openvto_assets()
    avatar = Image.open(assets / "avatars" / "1.png").convert("RGB")
    astronaut = Image.fromarray(data.astronaut())
    avatar.save(folder / "person.png")
    avatar.save(folder / "person.webp")
    astronaut.save(folder / "person.jpg", quality=95)
    heic = io.BytesIO()
    pillow_heif.from_pillow(avatar).save(heic, quality=90)
    (folder / "person.heic").write_bytes(heic.getvalue())
    return folder


@pytest.mark.parametrize("format", ["jpg", "png", "webp", "heic"])
def test_each_format_comes_back_as_a_picture(running, photographs, tmp_path, format):
    shirt = openvto_assets() / "clothes" / "shirts" / "1_front.jpg"
    out = tmp_path / "out.jpg"
    told = running.try_on(
        photographs / f"person.{format}",
        shirt,
        "--type=upper_body",
        f"--output={out}",
        "--timeout=60",
    )
    assert (told["exit"], told["status"], told["mode"]) == (0, "completed", "single")
    assert told["remote_id"] and told["seconds"] > 0
    assert Image.open(out).format == "JPEG"


def test_a_combo(running, photographs, tmp_path):
    clothes = openvto_assets() / "clothes"
    told = running.try_on(
        photographs / "person.png",
        clothes / "shirts" / "2_front.jpg",
        f"--bottom={clothes / 'pants' / '1_front.jpg'}",
        f"--output={tmp_path / 'combo.jpg'}",
        "--timeout=60",
    )
    assert (told["exit"], told["mode"]) == (0, "combo")
    before = running.sandbox()["submits"]
    again = running.try_on(
        photographs / "person.png",
        clothes / "shirts" / "2_front.jpg",
        f"--bottom={clothes / 'pants' / '1_front.jpg'}",
    )
    assert again["id"] == told["id"]
    assert running.sandbox()["submits"] == before


def test_status_while_it_runs(running):
    done = running.manage("status", "--json", check=False)
    assert done.returncode == 0, done.stdout
