"""The review queue: two never meet, a second decision is refused, all is kept."""

import re
from datetime import UTC, timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from tests import factories
from tests.conftest import StrictClient
from tests.factories import NOW
from tryon import services
from tryon.models import PictureAccess, Result, ReviewDecision, Status, TryOn, User
from tryon.models.result import Priority
from tryon.services import review
from tryon.web import local_days

PAGE = "/admin/tryon/result/review/"


def reviewer(name: str) -> tuple[User, StrictClient]:
    user = User.objects.create_user(f"{name}@example.org", is_staff=True)
    user.groups.add(Group.objects.get(name="Reviewer"))
    client = StrictClient()
    client.force_login(user)
    return user, client


@pytest.fixture
def twenty(alice, settings):
    settings.TRYON_REVIEW = "all"
    return [factories.try_on(alice, Status.COMPLETED).result for _ in range(20)]


def post(client, action, result, **fields):
    return client.post(PAGE, {"action": action, "result": result.pk, **fields})


def test_two_reviewers_never_have_the_same(twenty):
    (ann, _c), (ben, _d) = reviewer("ann"), reviewer("ben")
    now = timezone.now()
    first = {row.pk for row in review.fill_queue(reviewer=ann, now=now)}
    second = {row.pk for row in review.fill_queue(reviewer=ben, now=now)}
    assert len(first) == 12
    assert len(second) == 8
    assert not first & second
    assert {row.pk for row in review.fill_queue(reviewer=ann, now=now)} == first


def test_two_reviewers_at_their_pages_never_see_the_same(twenty):
    """One after the other through the pages, until nothing is left."""
    clients = [reviewer(name)[1] for name in ("ann", "ben")]
    seen: list[set[str]] = [set(), set()]
    for turn in range(24):
        client, mine = clients[turn % 2], seen[turn % 2]
        page = client.get(PAGE).content.decode()
        shown = re.search(r'name="result" value="(\d+)"', page)
        if shown:
            mine.add(shown[1])
            client.post(PAGE, {"action": "approve", "result": shown[1]})
    assert not seen[0] & seen[1]
    assert seen[0] | seen[1] == {str(row.pk) for row in twenty}
    assert ReviewDecision.objects.count() == 20


def test_what_one_leaves_lying_comes_to_another(twenty):
    (ann, _c), (ben, _d) = reviewer("ann"), reviewer("ben")
    now = timezone.now()
    review.fill_queue(reviewer=ann, now=now)
    later = now + review.CLAIM
    assert len(review.fill_queue(reviewer=ben, now=later)) == 12


def test_reported_ones_come_first(twenty, alice):
    last = twenty[-1]
    services.report_problem(
        result=last, reason="body", text="Three arms", by=alice, now=NOW
    )
    _ann, client = reviewer("ann")
    html = client.get(PAGE).content.decode()
    assert f'value="{last.pk}"' in html
    assert "Three arms" in html


def test_decide_hide_with_a_reason_and_undo(twenty, as_alice):
    ann, client = reviewer("ann")
    one, two = twenty[:2]
    post(client, "approve", one)
    assert "19 left." in client.get(PAGE).content.decode()
    assert "Say why" in post_and_read(client, "hide", two)
    post(client, "hide", two, reason="someone_else")
    page = as_alice.get(f"/try-on/{two.try_on_id}/").content.decode()
    assert "because someone else is in it" in page
    assert not TryOn.objects.get(pk=two.try_on_id).counts_against_limit
    post(client, "undo", two)
    two.refresh_from_db()
    assert (two.review_state, two.hide_reason) == ("unreviewed", "")
    assert TryOn.objects.get(pk=two.try_on_id).counts_against_limit
    kept = ReviewDecision.objects.order_by("id").values_list("decision", "by")
    assert list(kept) == [("approve", ann.pk), ("hide", ann.pk), ("undo", ann.pk)]


def post_and_read(client, action, result, **fields) -> str:
    post(client, action, result, **fields)
    return client.get(PAGE).content.decode()


def test_unsuitable_keeps_the_try(twenty):
    _ann, client = reviewer("ann")
    post(client, "hide", twenty[0], reason="unsuitable")
    assert TryOn.objects.get(pk=twenty[0].try_on_id).counts_against_limit


def test_a_second_decision_is_refused_and_told(twenty):
    (ann, first), (_ben, second) = reviewer("ann"), reviewer("ben")
    post(first, "approve", twenty[0])
    assert f"{ann.email} decided this at" in post_and_read(
        second, "hide", twenty[0], reason="body"
    )
    twenty[0].refresh_from_db()
    assert twenty[0].review_state == "approved"


def test_send_again_makes_it_anew_at_no_cost(twenty, alice):
    _ann, client = reviewer("ann")
    post(client, "again", twenty[0])
    made = TryOn.objects.get(retry_of=twenty[0].try_on)
    assert (made.status, made.counts_against_limit) == ("queued", False)
    twenty[0].refresh_from_db()
    assert twenty[0].hide_reason == "made_again"


def test_delete_and_an_empty_queue(alice, settings):
    settings.TRYON_REVIEW = "all"
    done = factories.try_on(alice, Status.COMPLETED)
    _ann, client = reviewer("ann")
    assert "Deleted." in post_and_read(client, "delete", done.result)
    assert not Result.objects.exists()
    assert "All looked at." in client.get(PAGE).content.decode()


@pytest.mark.parametrize("action", ["melt", ""])
def test_nothing_is_decided_by_nonsense(twenty, action):
    _ann, client = reviewer("ann")
    assert "Nothing was decided." in post_and_read(client, action, twenty[0])


def test_off_and_flagged_show_only_what_was_flagged(alice, settings, as_alice):
    sound = factories.try_on(alice, Status.COMPLETED)
    odd = factories.try_on(alice, Status.COMPLETED)
    Result.objects.update(changed_outside=0.01)
    Result.objects.filter(pk=odd.result.pk).update(
        checks=["blank"], priority=Priority.CHECK
    )
    for policy, seen in (("off", 200), ("flagged", 404), ("all", 404)):
        settings.TRYON_REVIEW = policy
        pending = set(Result.objects.pending().values_list("pk", flat=True))
        every = {sound.result.pk, odd.result.pk}
        assert pending == (every if policy == "all" else {odd.result.pk})
        assert as_alice.get(odd.result.url).status_code == seen
        assert Result.objects.released().filter(pk=odd.result.pk).exists() == (
            seen == 200
        )


def test_who_may(twenty, as_alice):
    assert as_alice.get(PAGE).status_code == 302
    helper = User.objects.create_user("helper@example.org", is_staff=True)
    client = StrictClient()
    client.force_login(helper)
    assert client.get(PAGE).status_code == 403
    helper.groups.add(Group.objects.get(name="Catalogue editor"))
    assert client.get(PAGE).status_code == 403
    assert client.get("/admin/tryon/garment/").status_code == 200
    helper.groups.add(Group.objects.get(name="Operator"))
    client = StrictClient()
    client.force_login(helper)
    assert client.get("/admin/tryon/key/health/").status_code == 200


def test_looks_at_customers_pictures_are_kept(twenty, as_alice):
    ann, client = reviewer("ann")
    result = twenty[0]
    for _ in range(2):
        assert client.get(result.url).status_code == 200
    Result.objects.filter(pk=result.pk).update(review_state="approved")
    as_alice.get(result.url)
    kept = PictureAccess.objects.get()
    assert (kept.by, kept.stem) == (ann, result.stem)


def test_queries_are_the_same_with_few_and_many(
    twenty, alice, django_assert_num_queries
):
    _ann, client = reviewer("ann")
    client.get(PAGE)
    with django_assert_num_queries(15) as few:
        client.get(PAGE)
    for _ in range(15):
        factories.try_on(alice, Status.COMPLETED)
    with django_assert_num_queries(len(few)):
        client.get(PAGE)


def test_todays_decisions_are_those_since_midnight(settings, twenty):
    settings.TIME_ZONE = "Asia/Kathmandu"
    user, client = reviewer("rita")
    begins = local_days.find_begin(timezone.now(), 1).astimezone(UTC)
    for at in (begins, begins - timedelta(microseconds=1)):
        ReviewDecision.objects.create(
            result=twenty[0], decision="approve", by=user, at=at
        )
    assert client.get(PAGE).context["today"] == 1
