"""The report card names the planted defect, and only it, on real photographs."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import skimage
from PIL import Image, ImageEnhance, ImageFilter

from tests.conftest import openvto_assets
from tryon.models import Garment, Photo
from tryon.pictures import normalise
from tryon.presentation import photo_advice

pytestmark = pytest.mark.anywhere
PEOPLE = sorted((openvto_assets() / "avatars").glob("*.png")) + sorted(
    (openvto_assets() / "people").glob("*_posture.jpg")
)
FACES = sorted((openvto_assets() / "people").glob("[124]_selfie.jpg"))
CLOTHES = sorted((openvto_assets() / "clothes").glob("*/*_front.jpg"))
ROOMS = [
    Path(skimage.__file__).parent / "data" / name
    for name in ("coffee.png", "motorcycle_left.png", "rocket.jpg")
]


def opened(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


def jpeg(image: Image.Image) -> io.BytesIO:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out


def problems(image: Image.Image, kind: str = "upper_body") -> list[str]:
    picture = normalise.read_person(jpeg(image))
    photo = Photo(width=picture.width, height=picture.height, measured=picture.measured)
    card = photo_advice.advise_on_photo(photo, kind)
    assert card is not None
    return [line.name for line in card.problems]


def garment_problems(image: Image.Image) -> list[str]:
    picture = normalise.read_garment(jpeg(image))
    garment = Garment(
        width=picture.width, height=picture.height, measured=picture.measured
    )
    card = photo_advice.advise_on_garment(garment)
    assert card is not None
    return [line.name for line in card.problems]


def blurred(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(max(image.size) / 220))


def dark(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(0.35)


def overexposed(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(2.4)


def small(image: Image.Image) -> Image.Image:
    image.thumbnail((620, 620))
    return image


def sideways(image: Image.Image) -> Image.Image:
    return image.rotate(90, expand=True)


MADE = [
    (blurred, "Sharpness"),
    (dark, "Light"),
    (overexposed, "Light"),
    (small, "Size"),
    (sideways, "Upright"),
]


@pytest.mark.parametrize("path", PEOPLE, ids=lambda path: path.stem)
@pytest.mark.parametrize(("make", "name"), MADE, ids=[m.__name__ for m, _ in MADE])
def test_names_the_defect_and_only_it(path, make, name):
    assert problems(make(opened(path))) == [name]


@pytest.mark.parametrize("path", FACES, ids=lambda path: path.stem)
@pytest.mark.parametrize("kind", ["upper_body", "lower_body", "full_body"])
def test_a_headshot_is_said_for_every_kind(path, kind):
    assert problems(opened(path), kind) == ["In view"]


@pytest.mark.parametrize("path", PEOPLE[:4], ids=lambda path: path.stem)
def test_half_a_person_is_enough_for_a_top_alone(path):
    image = opened(path)
    half = image.crop((0, 0, image.width, round(image.height * 0.6)))
    assert problems(half, "upper_body") == []
    assert problems(half, "lower_body") == ["In view"]


@pytest.mark.parametrize("path", PEOPLE, ids=lambda path: path.stem)
@pytest.mark.parametrize("kind", ["upper_body", "lower_body", "full_body"])
def test_silent_on_sound_photos(path, kind):
    assert problems(opened(path), kind) == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: path.stem)
@pytest.mark.parametrize("path", CLOTHES[::4], ids=lambda path: path.stem)
def test_a_busy_background(path, room):
    piece = opened(path)
    ground = opened(room).resize(piece.size)
    piece.thumbnail((piece.width * 2 // 3, piece.height * 2 // 3))
    ground.paste(piece, ((ground.width - piece.width) // 2, ground.height // 6))
    assert garment_problems(ground) == ["Background"]


@pytest.mark.parametrize("path", CLOTHES, ids=lambda path: path.stem)
def test_silent_on_sound_garments(path):
    assert garment_problems(opened(path)) == []


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_turning_it_upright_mends_it(turned):
    lying = jpeg(opened(PEOPLE[0]).rotate(turned, expand=True)).getvalue()
    mended = normalise.repair(lying, normalise.Repair(turn=360 - turned))
    assert mended.measured["turn"] == 0
    assert mended.height > mended.width


def test_the_turn_that_is_advised_is_the_one_that_mends():
    for turned in (90, 270):
        lying = jpeg(opened(PEOPLE[0]).rotate(turned, expand=True))
        assert normalise.read_person(lying).measured["turn"] == 360 - turned


def test_brightening_mends_a_dark_photo():
    picture = normalise.read_person(jpeg(dark(opened(PEOPLE[0]))))
    mended = normalise.repair(picture.data, normalise.Repair(brighten=True))
    photo = Photo(width=768, height=1376, measured=mended.measured)
    card = photo_advice.advise_on_photo(photo)
    assert card is not None
    assert card.problems == []
    assert "Good to go" in card.summary


def test_a_photo_from_before_has_no_card():
    assert photo_advice.advise_on_photo(Photo(width=768, height=1376)) is None


def test_photos_measured_at_once_do_not_disturb_each_other():
    """OpenCV's classifier is no more than one thread's at a time."""
    sizes = [(640, 900), (900, 1200), (700, 700), (1100, 1600)]
    photos = [
        jpeg(opened(path).resize(size)).getvalue() for path in PEOPLE for size in sizes
    ]
    alone = [normalise.read_person(io.BytesIO(data)).measured for data in photos]
    with ThreadPoolExecutor(8) as pool:
        at_once = pool.map(
            lambda data: normalise.read_person(io.BytesIO(data)).measured, photos
        )
    assert list(at_once) == alone
