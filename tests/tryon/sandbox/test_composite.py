import io

import pytest
from PIL import Image, ImageChops, ImageStat

from tryon.demo import FOLDER
from tryon.sandbox import composite

pytestmark = pytest.mark.anywhere


def demo(folder: str, name: str) -> bytes:
    return (FOLDER / folder / f"{name}.jpg").read_bytes()


def changed(
    before: bytes, after: bytes, box: tuple[float, float, float, float]
) -> float:
    """Mean difference inside a box given in shares of the picture."""
    one, two = (Image.open(io.BytesIO(data)).convert("RGB") for data in (before, after))
    width, height = one.size
    pixels = tuple(
        int(share * side)
        for share, side in zip(box, (width, height, width, height), strict=True)
    )
    difference = ImageChops.difference(one.crop(pixels), two.crop(pixels))
    return sum(ImageStat.Stat(difference).mean) / 3


CHEST = (0.4, 0.25, 0.6, 0.45)
LEGS = (0.4, 0.6, 0.6, 0.75)
HEAD = (0.4, 0.05, 0.6, 0.17)


@pytest.mark.parametrize(
    ("garment", "kind", "chest", "legs"),
    [
        ("blazer", "upper_body", True, False),
        ("camel", "lower_body", False, True),
        ("red", "full_body", True, True),
    ],
)
def test_lays_each_kind_on_its_place(garment, kind, chest, legs):
    human = demo("people", "mira")
    made = composite.compose(human, demo("garments", garment), None, kind)
    assert (changed(human, made, CHEST) > 15) == chest
    assert (changed(human, made, LEGS) > 15) == legs
    assert changed(human, made, HEAD) < 5


def test_a_combo_shows_both():
    human = demo("people", "tom")
    made = composite.compose(
        human, demo("garments", "knit"), demo("garments", "camel"), ""
    )
    assert changed(human, made, CHEST) > 15
    assert changed(human, made, LEGS) > 15
    assert Image.open(io.BytesIO(made)).size == (1536, 2048)


def test_real_photographs(person_photo, shirt_photo):
    made = composite.compose(person_photo, shirt_photo, None, "upper_body")
    assert Image.open(io.BytesIO(made)).format == "JPEG"


def test_a_blank_garment_changes_nothing_but_the_label():
    out = io.BytesIO()
    Image.new("RGB", (300, 400), "white").save(out, "JPEG")
    human = demo("people", "mira")
    made = composite.compose(human, out.getvalue(), None, "upper_body")
    assert changed(human, made, CHEST) < 5
