"""A share of what `tests.bench.mutations` does with 5,000 of each."""

import io

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from tests import mutations
from tests.conftest import image_of
from tryon.pictures import normalise

pytestmark = pytest.mark.anywhere
few = hypothesis_settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("form", mutations.FORMATS)
def test_any_damage_is_a_sentence_or_a_picture(form):
    @few
    @given(mutations.damaged(form))
    def check(data):
        try:
            picture = normalise.read_person(io.BytesIO(data))
        except normalise.PictureError:
            return
        assert image_of(picture.data).format == "JPEG"

    check()


@pytest.mark.parametrize("change", [mutations.written_over, mutations.added])
@pytest.mark.parametrize("form", mutations.KNOWN)
def test_damage_outside_of_the_pixels_costs_nothing(form, change):
    sound = []

    @few
    @given(change(form))
    def check(data):
        try:
            picture = normalise.read_person(io.BytesIO(data))
        except normalise.PictureError:
            sound.append(False)
        else:
            sound.append(mutations.is_upright(picture))

    check()
    assert len(sound) >= 100
    assert sum(sound) >= 0.99 * len(sound)
