"""What a result changed beside the clothes."""

import io
from functools import cache

import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.conftest import openvto_assets
from tryon.pictures import comparison, normalise
from tryon.sandbox import composite

pytestmark = pytest.mark.anywhere

AVATARS = sorted((openvto_assets() / "avatars").glob("*.png"))
SHIRT = openvto_assets() / "clothes" / "shirts" / "1_front.jpg"


def jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def dressed(image: Image.Image) -> Image.Image:
    """Another colour where the upper body is."""
    made = image.copy()
    draw = ImageDraw.Draw(made)
    w, h = made.size
    draw.rectangle((w * 0.36, h * 0.26, w * 0.64, h * 0.5), fill=(180, 40, 60))
    return made


@pytest.fixture(params=AVATARS, ids=lambda path: path.stem)
def person(request) -> Image.Image:
    return Image.open(request.param).convert("RGB")


def test_nothing_changed(person):
    found = comparison.compare(jpeg(person), jpeg(person), "upper_body")
    assert (found.share, found.outside) == (0, 0)


def test_only_the_clothes(person):
    found = comparison.compare(jpeg(person), jpeg(dressed(person)), "upper_body")
    assert 0.04 < found.share < 0.12
    assert found.outside < 0.01


def test_a_small_shift_is_no_change(person):
    moved = dressed(person).transform(
        person.size, Image.Transform.AFFINE, (1, 0, -6, 0, 1, 4)
    )
    found = comparison.compare(jpeg(person), jpeg(moved), "upper_body")
    assert found.outside < 0.02


def test_another_background_is_told(person):
    made = dressed(person)
    made.paste((30, 60, 120), (0, 0, person.width // 4, person.height))
    made.paste((30, 60, 120), (person.width * 3 // 4, 0, person.width, person.height))
    found = comparison.compare(jpeg(person), jpeg(made), "upper_body")
    assert found.outside > 0.2


def test_another_crop_is_compared_by_what_is_seen(person):
    smaller = dressed(person).resize((person.width // 2, person.height // 2))
    found = comparison.compare(jpeg(person), jpeg(smaller), "upper_body")
    assert found.outside < 0.02


def test_the_layer_is_grey_where_nothing_changed(person):
    found = comparison.compare(jpeg(person), jpeg(dressed(person)), "upper_body")
    layer = Image.open(io.BytesIO(found.layer)).convert("RGB")
    r, g, b = layer.getpixel((20, 20))
    assert max(r, g, b) - min(r, g, b) < 8
    r, g, b = layer.getpixel((layer.width // 2, round(layer.height * 0.38)))
    assert r > g + 60


def test_the_sandbox_changes_little_beside_the_clothes(person):
    made = composite.compose(jpeg(person), SHIRT.read_bytes(), None, "upper_body")
    found = comparison.compare(jpeg(person), made, "upper_body")
    assert found.share > 0.05
    assert found.outside < 0.1  # its label is the rest


@pytest.mark.parametrize("kind", ["upper_body", "lower_body", "full_body", ""])
def test_pictures_without_anybody(kind):
    before = Image.effect_noise((300, 400), 60).filter(ImageFilter.GaussianBlur(3))
    after = Image.new("RGB", (64, 900), "white")
    found = comparison.compare(jpeg(before), jpeg(after), kind)
    assert 0 <= found.outside <= found.share <= 1


# --- the result check ----------------------------------------------------------


@cache
def sound_results() -> list[tuple[bytes, bytes, str]]:
    """Fifty: the sandbox's composites of real photographs, and recoloured ones."""
    photos = AVATARS + sorted((openvto_assets() / "people").glob("*_posture.jpg"))
    clothes = openvto_assets() / "clothes"
    pieces = [
        (path, kind)
        for folder, kind in (("shirts", "upper_body"), ("pants", "lower_body"))
        for path in sorted((clothes / folder).glob("[123]_front.jpg"))
    ]
    found = []
    for photo in photos:
        person = Image.open(photo).convert("RGB")
        for piece, kind in pieces:
            made = composite.compose(jpeg(person), piece.read_bytes(), None, kind)
            found.append((jpeg(person), made, kind))
    for photo in photos[:4]:
        person = Image.open(photo).convert("RGB")
        found.append((jpeg(person), jpeg(dressed(person)), "upper_body"))
    return found


@cache
def bad_results() -> list[tuple[bytes, bytes, str]]:
    """Twenty: of four people nothing changed, blank, stretched, another room, another
    person."""
    found = []
    for number, path in enumerate(AVATARS):
        person = Image.open(path).convert("RGB")
        other = Image.open(AVATARS[(number + 1) % len(AVATARS)]).convert("RGB")
        room = dressed(person)
        third = person.width // 3
        room.paste((30, 60, 120), (0, 0, third, person.height))
        room.paste((90, 20, 20), (person.width - third, 0, person.width, person.height))
        bad = [
            person,
            Image.new("RGB", person.size, (200, 200, 196)),
            dressed(person).resize((person.width, person.height // 2)),
            room,
            Image.blend(other, Image.new("RGB", other.size, (10, 80, 30)), 0.4),
        ]
        found += [(jpeg(person), jpeg(image), "upper_body") for image in bad]
    return found


def faces(cases, known) -> list[list[float] | None]:
    """As measured when the photo came, or not: then they are looked for."""
    if not known:
        return [None] * len(cases)
    return [normalise.read_person(io.BytesIO(c[0])).measured["face"] for c in cases]


@pytest.mark.parametrize("known", [True, False])
def test_each_of_twenty_bad_results_is_flagged(known):
    cases = bad_results()
    told = [
        comparison.compare(*case, face).suspicions()
        for case, face in zip(cases, faces(cases, known), strict=True)
    ]
    assert len(told) == 20
    assert all(told), told


@pytest.mark.parametrize("known", [True, False])
def test_none_of_fifty_sound_results_is(known):
    cases = sound_results()
    assert len(cases) >= 50
    told = [
        comparison.compare(*case, face).suspicions()
        for case, face in zip(cases, faces(cases, known), strict=True)
    ]
    assert told == [[]] * len(cases)


def test_a_measured_face_is_framed_as_the_photo_is():
    """A result of another shape shows the middle of the photo."""
    face = (0.4, 0.1, 0.2, 0.15)
    assert comparison._framed(face, (600, 800), (300, 400)) == pytest.approx(face)
    wider = comparison._framed(face, (600, 800), (600, 400))
    assert wider == pytest.approx((0.4, -0.3, 0.2, 0.3))
    assert comparison._framed((), (600, 800), (600, 400)) == ()
