import json
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tests.factories import NOW
from tryon.models import Status
from tryon.models.ledger import ApiRequest, Outcome
from tryon.presentation import receipts


def add(try_on, kind: str, outcome: str, **fields) -> None:
    answered = None if outcome in ("", "void") else NOW + timedelta(seconds=0.5)
    ApiRequest.objects.create(
        try_on=try_on,
        key=factories.key("sk_live_" + "r" * 43),
        kind=kind,
        token=try_on.token,
        planned_at=NOW,
        sent_at=None if outcome == "void" else NOW,
        answered_at=answered,
        outcome=outcome,
        **fields,
    )


@pytest.mark.parametrize(
    ("outcomes", "paid"),
    [
        (["accepted"], "yes"),
        (["lost"], "unsure"),
        (["unclear", "accepted"], "yes"),
        (["refused"], "no"),
        (["rate_limited", "not_arrived"], "no"),
        (["key_refused", "out_of_credits"], "no"),
        ([""], "unsure"),
        ([], "no"),
    ],
)
def test_what_the_shop_pays(outcomes, paid):
    assert receipts.find_charged(set(outcomes)) == paid


@pytest.mark.parametrize("outcome", Outcome.values)
def test_every_outcome_has_words(alice, outcome):
    try_on = factories.try_on(alice)
    add(try_on, "submit", outcome)
    told = receipts.build_receipt(try_on)
    assert len(told["requests"]) == (outcome != "void")


def test_the_whole_story(as_alice, alice):
    try_on = factories.try_on(alice, Status.COMPLETED, combo=True)
    add(try_on, "submit", "accepted", http_status=200)
    add(try_on, "poll", "completed", http_status=200)
    html = as_alice.get(f"/try-on/{try_on.pk}/receipt/").content.decode()
    assert "It counts as one try." in html
    assert "Sent: accepted" in html
    response = as_alice.get(f"/try-on/{try_on.pk}/receipt/?format=json")
    assert "attachment" in response["Content-Disposition"]
    told = json.loads(response.content)
    assert set(told["asked"]["pictures"]) == {"photo", "garment", "bottom_garment"}
    assert [r["outcome"] for r in told["requests"]] == ["accepted", "completed"]
    assert told["requests"][0]["seconds"] == 0.5
    assert (told["counts_as_a_try"], told["charged_to_the_shop"]) == (True, "yes")


def test_times_are_those_of_the_shop(as_alice, alice, settings):
    settings.TIME_ZONE = "Asia/Kathmandu"
    try_on = factories.try_on(alice, Status.COMPLETED)
    add(try_on, "submit", "accepted")
    with timezone.override("Asia/Kathmandu"):
        html = as_alice.get(f"/try-on/{try_on.pk}/receipt/").content.decode()
    assert html.count("19:45:00") == 2  # asked for and sent; 14:00 UTC
    told = receipts.build_receipt(try_on)
    assert told["requests"][0]["sent_at"] == "2026-05-12T14:00:00+00:00"


def test_not_charged_is_said(as_alice, alice):
    failed = factories.try_on(alice, Status.FAILED)
    add(failed, "submit", "refused", http_status=400)
    html = as_alice.get(f"/try-on/{failed.pk}/receipt/").content.decode()
    assert "You were not charged" in html
    assert receipts.build_receipt(failed)["charged_to_the_shop"] == "no"
