"""Every picture that enters: accepted ones come out right, others get a sentence."""

import io
import struct
import threading
import zlib

import pillow_heif
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests.conftest import image_of, openvto_assets
from tests.factories import picture_bytes
from tryon.pictures import normalise

pytestmark = pytest.mark.anywhere


def read(data: bytes, reader=normalise.read_person) -> normalise.Picture:
    return reader(io.BytesIO(data))


def saved(image: Image.Image, format: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def corners() -> Image.Image:
    """Red upper left, green upper right, blue lower left, white lower right."""
    image = Image.new("RGB", (600, 400), "white")
    image.paste("red", (0, 0, 300, 200))
    image.paste("lime", (300, 0, 600, 200))
    image.paste("blue", (0, 200, 300, 400))
    return image


def near(pixel, colour, tolerance=40) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize(
    ("format", "options"),
    [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("GIF", {}), ("AVIF", {})],
)
def test_accepts_each_format_and_stores_jpeg(format, options):
    picture = read(saved(corners(), format, **options))
    stored = image_of(picture.data)
    assert (stored.format, stored.mode, stored.size) == ("JPEG", "RGB", (600, 400))
    assert near(stored.getpixel((50, 50)), (255, 0, 0))


def test_heic_from_a_phone():
    out = io.BytesIO()
    pillow_heif.from_pillow(corners()).save(out, quality=90)
    stored = image_of(read(out.getvalue()).data)
    assert stored.size == (600, 400)
    assert near(stored.getpixel((550, 50)), (0, 255, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_all_eight_orientations_come_out_upright(format, orientation):
    turned = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    image = corners()
    for step in turned[orientation]:
        image = image.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = image_of(read(saved(image, format, exif=exif)).data)
    assert stored.size == (600, 400)
    assert near(stored.getpixel((50, 50)), (255, 0, 0))
    assert near(stored.getpixel((550, 50)), (0, 255, 0))
    assert near(stored.getpixel((50, 350)), (0, 0, 255))


def test_nothing_of_the_metadata_stays():
    exif = Image.Exif()
    exif[0x010F] = "Phone maker"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 29.0)  # GPS latitude
    data = saved(
        corners(),
        "JPEG",
        exif=exif,
        comment=b"at home",
        xmp=b"<x:xmpmeta/>",
        dpi=(9, 9),
    )
    assert b"Phone maker" in data
    picture = read(data)
    stored = image_of(picture.data)
    assert not stored.getexif()
    assert "comment" not in stored.info
    assert "xmp" not in stored.info
    for word in (b"Phone maker", b"at home", b"xmpmeta", b"GPS"):
        assert word not in picture.data


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "LA", "RGBA", "PA", "I;16"])
def test_every_colour_mode_becomes_rgb(mode):
    format = "TIFF" if mode == "PA" else "JPEG" if mode == "CMYK" else "PNG"
    if mode == "PA":
        image, format = corners().quantize(), "PNG"
        image.info["transparency"] = 0
    elif mode == "I;16":
        image = Image.frombytes("I;16", (400, 400), struct.pack("<H", 40000) * 160000)
    else:
        image = corners().convert(mode)
    stored = image_of(read(saved(image, format)).data)
    assert stored.mode == "RGB"
    if mode == "I;16":
        assert near(stored.getpixel((9, 9)), (156, 156, 156), 6)
    if mode == "CMYK":
        assert near(stored.getpixel((550, 350)), (255, 255, 255))


def test_transparent_ground_becomes_white():
    image = Image.new("RGBA", (400, 400), (255, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 100, 400))
    stored = image_of(read(saved(image, "PNG")).data)
    assert near(stored.getpixel((200, 200)), (255, 255, 255), 4)


def test_first_frame_of_an_animation():
    frames = [Image.new("RGB", (400, 400), c) for c in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert near(image_of(read(data).data).getpixel((9, 9)), (255, 0, 0))


def test_an_embedded_profile_is_converted_to_srgb():
    """A profile whose primaries are swapped shows whether it was applied."""
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    image = Image.new("RGB", (400, 400), "red")
    plain = image_of(read(saved(image, "PNG", icc_profile=lab.tobytes())).data)
    assert near(plain.getpixel((9, 9)), (255, 0, 0))  # not an RGB profile: ignored
    broken = read(saved(image, "PNG", icc_profile=b"nonsense"))
    assert near(image_of(broken.data).getpixel((9, 9)), (255, 0, 0))


def test_fitted_to_what_the_api_recommends_and_never_enlarged():
    data = picture_bytes(3000, 4000)
    assert max(image_of(read(data).data).size) == 2048
    assert max(image_of(read(data, normalise.read_garment).data).size) == 1024
    small = picture_bytes(320, 400)
    assert image_of(read(small).data).size == (320, 400)


def test_tells_size_colour_and_digest():
    picture = read(saved(Image.new("RGB", (400, 300), (10, 200, 30)), "PNG"))
    assert (picture.width, picture.height) == (400, 300)
    assert near(bytes.fromhex(picture.mean_color[1:]), (10, 200, 30), 3)
    assert len(picture.source_sha256) == 64


BAD = {
    "empty": (b"", "empty"),
    "text renamed .jpg": (b"hello, I am not a picture", "not a picture"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    "pdf": (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj", "not a picture"),
    "one pixel": (picture_bytes(1, 1), "1 × 1"),
    "too narrow": (picture_bytes(180, 900), "180 × 900"),
    "too narrow for its length": (picture_bytes(4000, 310), "too narrow"),
    "truncated": (picture_bytes(900, 900)[:3000], "not whole"),
    "truncated png": (picture_bytes(900, 900, "PNG")[:300], "not whole"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_get_a_sentence(name):
    data, words = BAD[name]
    with pytest.raises(normalise.PictureError, match=words):
        read(data)


def test_a_tiff_or_eps_is_not_even_opened():
    with pytest.raises(normalise.PictureError):
        read(saved(corners(), "TIFF"))
    with pytest.raises(normalise.PictureError):
        read(saved(corners(), "EPS"))


def test_over_the_pixel_limit_says_the_limit(settings):
    settings.TRYON_MAX_MEGAPIXELS = 0.2
    with pytest.raises(normalise.PictureError, match=r"0\.2 megapixels"):
        read(picture_bytes(600, 400))


def test_over_the_byte_limit_says_the_limit(settings):
    settings.TRYON_MAX_UPLOAD_MB = 0.001
    with pytest.raises(normalise.PictureError, match=r"0\.001 MB"):
        read(picture_bytes(600, 400))


def png_bomb(width: int, height: int) -> bytes:
    """A header that promises very many pixels."""
    data = bytearray(saved(Image.new("L", (8, 8)), "PNG"))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


@pytest.mark.parametrize("side", [20_000, 60_000, 2**31 - 1])
def test_decompression_bombs_are_refused_before_decoding(side):
    with pytest.raises(normalise.PictureError, match="megapixels"):
        read(png_bomb(side, side))


def test_a_result_is_checked_too():
    with pytest.raises(normalise.PictureError):
        normalise.read_result(b"<html>Not found</html>")
    assert normalise.read_result(picture_bytes(512, 640)).width == 512


def test_a_paid_result_is_not_refused_by_the_limits_of_uploads(settings):
    settings.TRYON_MAX_MEGAPIXELS = 0.1
    settings.TRYON_MAX_UPLOAD_MB = 0.001
    assert normalise.read_result(picture_bytes(800, 800)).width == 800


def test_waits_for_a_decoder_and_then_says_busy(monkeypatch, jpeg):
    monkeypatch.setattr(normalise, "LONGEST_WAIT", 0.05)
    with normalise.decoder(), normalise.decoder():
        caught = []

        def third() -> None:
            try:
                read(jpeg)
            except normalise.Busy as busy:
                caught.append(busy)

        thread = threading.Thread(target=third)
        thread.start()
        thread.join()
    assert len(caught) == 1
    assert read(jpeg).width == 400


def test_renditions_are_webp_of_the_asked_width():
    picture = read(picture_bytes(1000, 1500))
    for width in normalise.RENDITION_WIDTHS:
        made = image_of(normalise.make_rendition(picture.data, width))
        assert (made.format, made.width) == ("WEBP", width)
    small = image_of(normalise.make_rendition(picture_bytes(400, 500), 960))
    assert small.width == 400


@pytest.mark.parametrize("path", ["avatars/1.png", "people/2_posture.jpg"])
def test_real_photographs(path):
    data = (openvto_assets() / path).read_bytes()
    stored = image_of(read(data).data)
    assert stored.format == "JPEG"
    assert max(stored.size) <= 2048


GOOD = picture_bytes(320, 320)


@hypothesis_settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=40))
def test_any_damage_is_a_sentence_or_a_picture(at, damage):
    data = GOOD[:at] + damage + GOOD[at + len(damage) :]
    try:
        picture = read(data)
    except normalise.PictureError:
        return
    assert image_of(picture.data).format == "JPEG"
