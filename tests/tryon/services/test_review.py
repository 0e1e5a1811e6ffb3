import pytest

from tests import factories
from tests.factories import NOW
from tryon.models import Result, ReviewDecision, Status, TryOn
from tryon.models.result import Decision
from tryon.services import review


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


@pytest.mark.parametrize("counted", [True, False])
def test_undo_charges_only_what_hiding_gave_back(result, staff, counted):
    """A picture that staff had made again was free, and stays so."""
    mine = TryOn.objects.filter(pk=result.try_on_id)
    mine.update(counts_against_limit=counted)
    decide(result, Decision.HIDE, staff)
    assert not mine.get().counts_against_limit
    decide(result, Decision.UNDO, staff)
    assert mine.get().counts_against_limit == counted


def test_where_all_are_looked_at_first_staff_release_them(
    as_alice, as_staff, result, settings
):
    settings.TRYON_REVIEW = "all"
    assert as_alice.get(result.url).status_code == 404
    as_staff.post(
        "/admin/tryon/result/", {"action": "approve", "_selected_action": [result.pk]}
    )
    assert as_alice.get(result.url).status_code == 200
