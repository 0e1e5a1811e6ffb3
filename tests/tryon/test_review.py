import pytest

from tests import factories
from tests.factories import NOW
from tryon import review
from tryon.models import Result, ReviewDecision, Status
from tryon.models.result import Decision


@pytest.fixture
def result(alice) -> Result:
    return factories.try_on(alice, Status.COMPLETED).result


def decide(result, decision, by) -> bool:
    return review.decide(result=result, decision=decision, by=by, now=NOW)


def test_a_second_decision_is_refused(result, staff):
    assert decide(result, Decision.APPROVE, staff)
    assert not decide(result, Decision.APPROVE, staff)
    assert ReviewDecision.objects.count() == 1


def test_hidden_is_gone_and_undone_is_back(as_alice, result, staff):
    assert decide(result, Decision.HIDE, staff)
    assert as_alice.get(result.url).status_code == 404
    assert decide(result, Decision.UNDO, staff)
    assert as_alice.get(result.url).status_code == 200
    story = ReviewDecision.objects.order_by("id").values_list("decision", flat=True)
    assert list(story) == ["hide", "undo"]


def test_where_all_are_looked_at_first_staff_release_them(
    as_alice, as_staff, result, settings
):
    settings.TRYON_REVIEW = "all"
    assert as_alice.get(result.url).status_code == 404
    as_staff.post(
        "/admin/tryon/result/", {"action": "approve", "_selected_action": [result.pk]}
    )
    assert as_alice.get(result.url).status_code == 200
