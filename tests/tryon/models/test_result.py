import pytest

from tests import factories
from tryon.models import Result, Status


@pytest.mark.parametrize(
    ("policy", "state", "visible"),
    [
        ("off", "unreviewed", True),
        ("off", "approved", True),
        ("off", "hidden", False),
        ("flagged", "unreviewed", True),
        ("all", "unreviewed", False),
        ("all", "approved", True),
        ("all", "hidden", False),
    ],
)
def test_who_may_see_a_result(alice, bob, settings, policy, state, visible):
    settings.TRYON_REVIEW = policy
    try_on = factories.try_on(alice, Status.COMPLETED)
    Result.objects.update(review_state=state, changed_outside=0.01)
    try_on.refresh_from_db()
    assert Result.objects.visible_to(alice).exists() == visible
    assert (try_on.visible_result is not None) == visible
    assert not Result.objects.visible_to(bob).exists()
    assert not Result.objects.visible_to(None).exists()
