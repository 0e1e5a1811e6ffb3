"""Rare but sound pictures come out as a phone shows them."""

import io
import json
import random
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.conftest import image_of
from tests.hostile import chunk
from tests.mutations import corners, is_upright
from tests.odd_pictures import (
    PLAIN,
    SIDEWAYS,
    TURN,
    coloured_by_key,
    directory,
    flat_jpeg,
    numbered,
    samsung,
    saved,
    sideways,
    with_exif,
)
from tryon.pictures import normalise
from tryon.pictures.normalise import colour, exif

pytestmark = pytest.mark.anywhere
BRICK = (180, 60, 40)


def read(data: bytes, reader=normalise.read_person) -> normalise.Picture:
    return reader(io.BytesIO(data))


def near(pixel, wanted, tolerance=12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, wanted, strict=True))


def seen(data: bytes, at=(9, 9)) -> tuple[int, int, int]:
    return image_of(read(data).data).getpixel(at)


@pytest.mark.parametrize("name", SIDEWAYS)
def test_one_odd_tag_costs_nothing(name):
    assert is_upright(read(SIDEWAYS[name]))


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_thrown_away_costs_nothing(name):
    assert near(seen(PLAIN[name]), BRICK)


# --- EXIF --------------------------------------------------------------------------


def random_block(rng: random.Random) -> bytes:
    """The turn, and around it anything."""
    entries = [
        (
            rng.randrange(65_536),
            rng.randrange(20),
            rng.randrange(2**32),
            rng.randbytes(4),
        )
        for _ in range(rng.randrange(20))
    ]
    entries = [entry for entry in entries if entry[0] != TURN[0]]
    block = directory(TURN, *entries, behind=rng.randbytes(rng.randrange(200)))
    return block.ljust(600, b"\0")


def carriers() -> dict[str, tuple[bytes, bytes]]:
    """A sideways picture of each format, and the block in it that is to be replaced."""
    block = Image.Exif()
    block[0x010F] = "x" * 560
    filler = block.tobytes()[6:].ljust(600, b"\0")[:600]
    made = {}
    for form in ("PNG", "WEBP", "HEIF", "AVIF"):
        whole = saved(sideways(), form, exif=b"Exif\0\0" + filler)
        made[form] = (whole, filler if filler in whole else filler[:590])
    return {**made, "JPEG": (with_exif(filler), filler)}


def test_random_exif_costs_no_picture():
    rng = random.Random(14)
    for form, (whole, filler) in carriers().items():
        assert whole.count(filler) == 1, form
        for _ in range(40):
            data = whole.replace(filler, random_block(rng)[: len(filler)])
            if form == "PNG":  # with its check sum
                at = data.index(b"eXIf")
                length = int.from_bytes(data[at - 4 : at], "big")
                body = data[at + 4 : at + 4 + length]
                data = data[: at - 4] + chunk(b"eXIf", body) + data[at + 8 + length :]
            assert is_upright(read(data)), form


@pytest.mark.parametrize(
    ("block", "turn"),
    [
        (directory(TURN), 6),
        (b"Exif\0\0" + directory(TURN), 6),
        (b"Exif\0\0Exif\0\0" + directory(TURN), 6),
        (directory((0x0112, 3, 1, b"\x09\0\0\0")), 1),
        (directory((0x0112, 4, 1, b"\x08\0\0\0")), 8),
        (directory((0x0110, 3, 1, b"\x08\0\0\0")), 1),
        (directory(TURN)[:14], 1),
        (b"XX" + directory(TURN)[2:], 6),
        (b"II*\0\xff\xff\xff\xff" + directory(TURN)[8:], 6),
        (b"", 1),
        (b"II", 1),
    ],
)
def test_which_way_up(block, turn):
    assert exif.orientation(block) == turn


# --- HEIC and AVIF -----------------------------------------------------------------


def test_exif_turns_a_heic_whose_boxes_do_not():
    exif_block = Image.Exif()
    exif_block[0x0112] = 6
    assert is_upright(read(saved(sideways(), "HEIF", exif=exif_block)))


def test_a_box_of_another_picture_does_not_count():
    """The letters alone, in what is no box at all."""
    exif_block = Image.Exif()
    exif_block[0x0112] = 6
    data = saved(sideways(), "HEIF", exif=exif_block)
    assert is_upright(read(data + b"\0\0\0\x10skipirotimir"))


BRANDS = (
    b"mif1",
    b"msf1",
    b"avif",
    b"avis",
    b"heic",
    b"heix",
    b"hevc",
    b"mif2",
    b"x\0y ",
)


@pytest.mark.parametrize("brand", BRANDS)
@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_whatever_brand_the_container_names(form, brand):
    data = saved(corners(400, 520), form)
    size = int.from_bytes(data[:4], "big")
    for named in (
        data[:8] + brand + data[12:],
        data[:8] + brand * ((size - 8) // 4) + data[size:],
    ):
        assert is_upright(read(named))


def test_the_first_of_a_film():
    frames = [Image.new("RGB", (400, 400), c) for c in ("red", "blue")]
    for form in ("AVIF", "WEBP", "PNG"):
        data = saved(frames[0], form, save_all=True, append_images=frames[1:])
        assert near(seen(data), (255, 0, 0)), form


# --- files that are not whole ------------------------------------------------------


def noisy(form: str, **options) -> bytes:
    noise = Image.effect_noise((400, 520), 60).convert("RGB")
    return saved(Image.blend(corners(400, 520), noise, 0.1), form, **options)


WHOLE = {
    "JPEG": noisy("JPEG"),
    "progressive JPEG": noisy("JPEG", progressive=True),
    "PNG": noisy("PNG"),
}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.94, 0.99, 1])
def test_a_few_rows_may_be_missing(name, share):
    data = WHOLE[name]
    picture = read(data[: int(len(data) * share) - 3])
    assert is_upright(picture)
    last = image_of(picture.data).getpixel((100, picture.height - 1))
    assert near(last, (0, 0, 255), 60)  # no grey where the file ended


def test_zeros_where_a_card_was_pulled_out():
    data = WHOLE["JPEG"]
    assert is_upright(read(data[: len(data) * 97 // 100] + bytes(5000)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF"])
def test_a_part_of_a_file_is_told(form):
    data = noisy(form)
    for share in (0.1, 0.5):
        with pytest.raises(normalise.PictureError, match="not whole"):
            read(data[: int(len(data) * share)])
    with pytest.raises(normalise.PictureError, match="not whole"):
        read(WHOLE["progressive JPEG"][: len(WHOLE["progressive JPEG"]) // 4])


def test_a_frame_larger_than_its_data():
    data = bytearray(WHOLE["JPEG"])
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = b"\x23\x28\x23\x28"
    with pytest.raises(normalise.PictureError, match="not whole"):
        read(bytes(data))


# --- colours -----------------------------------------------------------------------

SKIN, LEAF = (220, 180, 160), (90, 160, 80)


def coded(rgb, primaries: int, transfer: int) -> tuple[int, ...]:
    """What a camera writes for this sRGB colour."""
    light = colour._light(np.array(rgb) / 255, colour.Colour(colour.BT709, "srgb"))
    points = colour.PRIMARIES[primaries]
    light = np.linalg.inv(colour._to_xyz(points)) @ colour._to_xyz(colour.BT709) @ light
    if transfer == 13:
        made = colour._srgb_coded(light)
    elif transfer == 16:
        power = (light * 203 / 10_000) ** 0.1593017578125
        made = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    else:
        shown = light * 203 / 1000
        scene = shown * (colour._to_xyz(points)[1] @ shown) ** (-0.2 / 1.2)
        high = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-6))
        made = np.where(scene <= 1 / 12, np.sqrt(3 * scene), high + 0.55991073)
    return tuple(round(value * 255) for value in made)


@pytest.mark.parametrize("form", ["PNG", "HEIF", "AVIF"])
@pytest.mark.parametrize(
    ("primaries", "transfer"), [(12, 13), (9, 18), (9, 16), (2, 2)]
)
def test_colours_said_by_number(form, primaries, transfer):
    image = Image.new("RGB", (400, 400), LEAF)
    image.paste(SKIN, (200, 0, 400, 400))
    if primaries != 2:
        image.paste(coded(LEAF, primaries, transfer), (0, 0, 200, 400))
        image.paste(coded(SKIN, primaries, transfer), (200, 0, 400, 400))
    data = numbered(saved(image, form, quality=95), primaries, transfer)
    # Eight bits of PQ are coarse.
    assert near(seen(data), LEAF, 20)
    assert near(seen(data, (300, 200)), SKIN, 20)


def test_light_above_paper_is_not_cut_off():
    """Two lights of a lamp, both brighter than white paper."""
    image = Image.new("RGB", (400, 400), (170, 170, 170))
    image.paste((200, 200, 200), (200, 0, 400, 400))
    data = numbered(saved(image, "PNG"), 9, 16)
    assert seen(data)[0] < seen(data, (300, 9))[0] <= 255


def test_a_png_by_its_gamma():
    image = Image.new("RGB", (400, 400), (55, 55, 55))  # 128 of sRGB, as light
    data = saved(image, "PNG")
    linear = data[:33] + chunk(b"gAMA", (100_000).to_bytes(4, "big")) + data[33:]
    assert near(seen(linear), (128, 128, 128), 4)
    usual = data[:33] + chunk(b"gAMA", (45_455).to_bytes(4, "big")) + data[33:]
    assert near(seen(usual), (55, 55, 55), 2)


def test_a_damaged_profile_does_not_paint_it_black():
    from tests.mutations import sound

    data = bytearray(sound("JPEG").data)
    at = data.index(b"para")
    data[at + 12 : at + 16] = b"\x7f\xff\xff\xff"
    assert is_upright(read(bytes(data)))


# --- transparency ------------------------------------------------------------------


def piece(colour_, ground=(0, 0, 0, 0)) -> bytes:
    image = Image.new("RGBA", (400, 400), ground)
    image.paste(colour_, (100, 100, 300, 300))
    return saved(image, "PNG")


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF", "HEIF"])
def test_a_white_piece_stands_out(form):
    image = Image.new("RGBA", (400, 400), (255, 255, 255, 0))
    image.paste((250, 250, 250, 255), (100, 100, 300, 300))
    data = saved(image, form)
    assert near(seen(data, (200, 200)), (250, 250, 250))
    assert max(seen(data)) < 190


@pytest.mark.parametrize(
    "shade", [(200, 30, 30, 255), (0, 0, 0, 255), (128,) * 3 + (255,)]
)
def test_any_other_stands_on_white(shade):
    data = piece(shade)
    assert near(seen(data), (255, 255, 255), 4)
    assert near(seen(data, (200, 200)), shade[:3])


def test_black_and_white_stands_out_too():
    image = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (100, 100, 300, 200))
    image.paste((0, 0, 0, 255), (100, 200, 300, 300))
    assert near(seen(saved(image, "PNG")), (128, 128, 128), 4)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_empty_picture_is_refused(form):
    image = Image.new("RGBA", (400, 400), (255, 0, 0, 0))
    with pytest.raises(normalise.PictureError, match="empty"):
        read(saved(image, form))


def test_keys_of_16_bits():
    key = b"\x12\x34" * 3
    data = coloured_by_key(key)
    assert near(seen(data), (255, 255, 255), 4)
    assert near(seen(data, (300, 200)), (195, 0, 0))


def test_a_grey_key_of_16_bits():
    samples = np.full((400, 400), 0x1234, np.uint16)
    samples[:, 200:] = 40_000
    data = saved(Image.fromarray(samples), "PNG")
    data = data[:33] + chunk(b"tRNS", b"\x12\x34") + data[33:]
    assert near(seen(data), (255, 255, 255), 4)
    assert near(seen(data, (300, 200)), (156, 156, 156), 4)


# --- size --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(12_000, 9000), (16_320, 12_240)])
def test_large_jpegs_are_read_at_a_fraction(size):
    picture = read(flat_jpeg(*size))
    assert (picture.width, picture.height) == (2048, 1536)


def test_what_a_fraction_decodes_is_limited(settings):
    settings.TRYON_MAX_MEGAPIXELS = 5
    assert read(flat_jpeg(4800, 4000)).width == 2048  # 4.8 megapixels of 19
    with pytest.raises(normalise.PictureError, match="5 megapixels"):
        read(flat_jpeg(2400, 2400))


def test_a_progressive_one_is_held_whole(monkeypatch):
    monkeypatch.setattr(normalise, "MEMORY", normalise.Memory(150))
    assert read(flat_jpeg(2000, 2000, 0xC2)).width == 2000
    with pytest.raises(normalise.PictureError, match="not progressive"):
        read(flat_jpeg(5000, 5000, 0xC2))
    assert read(flat_jpeg(5000, 5000)).width == 2048


def test_thousands_of_scans_are_not_followed():
    data = flat_jpeg(2000, 2000, 0xC2, scans=20_000)
    assert read(data).width == 2000


def test_memory_is_shared_and_waited_for(monkeypatch):
    monkeypatch.setattr(normalise, "LONGEST_WAIT", 0.01)
    data = saved(corners(400, 520), "WEBP")
    with (
        normalise.MEMORY.taken(normalise.MEMORY.most, 0),
        pytest.raises(normalise.Busy),
    ):
        read(data)
    assert is_upright(read(data))
    assert normalise.MEMORY.free == normalise.MEMORY.most


def test_no_more_memory_than_was_reckoned(tmp_path):
    file = tmp_path / "clear.png"
    image = corners(4000, 4000).convert("RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.save(file, compress_level=1)
    command = [sys.executable, "-m", "tests.bench.memory", str(file), "2"]
    done = subprocess.run(command, check=True, capture_output=True)
    told = json.loads(done.stdout)
    assert told["took"] <= 2 * told["reckoned"]


def test_the_index_may_come_last_in_a_large_file():
    assert is_upright(read(samsung(padding=3_000_000)))
