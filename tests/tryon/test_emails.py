"""Who is told by e-mail, once, in their language, of what they may see."""

import threading
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.db import connection

from tests import factories
from tests.factories import NOW
from tryon import emails
from tryon.models import Status, TryOn, User
from tryon.models.result import Decision
from tryon.pictures import normalise
from tryon.pipeline import budget, fetching
from tryon.services import review


def completed(owner, seconds: float) -> TryOn:
    """As a worker does it, so long after its submission."""
    sent = NOW - timedelta(seconds=seconds)
    made = factories.try_on(owner, Status.FETCHING, created_at=sent)
    picture = normalise.read_result(factories.picture_bytes())
    assert fetching.fetched(made, picture, NOW)
    return made


def test_who_waited_longer_than_our_patience_is_told_once(alice):
    late = completed(alice, 1800)
    completed(alice, 30)
    emails.tell_of_late_pictures(NOW)
    emails.tell_of_late_pictures(NOW)
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.org"]
    assert f"/try-on/{late.pk}/" in letter.body
    assert f"/try-on/{late.pk}/" in letter.alternatives[0].content


def test_a_wish_counts_for_what_is_finished_afterwards(alice, as_alice):
    completed(alice, 150)
    as_alice.post("/account/messages/", {"tell_when_done": "on"})
    completed(alice, 30)
    later = completed(alice, 150)
    emails.tell_of_late_pictures(NOW)
    (letter,) = mail.outbox
    assert str(later.pk) in letter.body
    as_alice.post("/account/messages/", {})
    completed(alice, 150)
    emails.tell_of_late_pictures(NOW)
    assert len(mail.outbox) == 1


def test_what_is_held_for_review_is_not_called_ready(alice, staff, settings):
    settings.TRYON_REVIEW = "all"
    late = completed(alice, 1800)
    emails.tell_of_late_pictures(NOW)
    assert mail.outbox == []
    review.decide(result=late.result, decision=Decision.APPROVE, by=staff, now=NOW)
    emails.tell_of_late_pictures(NOW)
    assert len(mail.outbox) == 1


def test_a_letter_is_in_its_readers_language(alice, as_alice):
    as_alice.post("/language/", {"language": "de"})
    as_alice.post("/account/messages/", {})
    completed(alice, 1800)
    emails.tell_of_late_pictures(NOW)
    (letter,) = mail.outbox
    assert letter.subject == "Fitting Room: dein Bild ist fertig"
    assert "länger" in letter.body


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_one_tells(alice):
    for _ in range(3):
        completed(alice, 1800)
    barrier = threading.Barrier(4)

    def tell() -> None:
        barrier.wait()
        emails.tell_of_late_pictures(NOW)
        connection.close()

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mail.outbox) == 3
    assert len({letter.body for letter in mail.outbox}) == 3


def test_guests_have_no_address(db):
    completed(User.objects.get_or_create_guest("g" * 64, NOW), 1800)
    emails.tell_of_late_pictures(NOW)
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("state", "words"),
    [("refused", "still there and active"), ("out_of_credits", "Buy credits")],
)
def test_staff_hear_once_of_a_stopped_key_with_what_to_do(
    staff, alice, state, words, settings
):
    settings.MIRAGIC_API_KEYS = ["sk_live_" + "l" * 43]
    key = factories.key(settings.MIRAGIC_API_KEYS[0])
    factories.try_on(alice)
    budget.stop_key(key, state, "401 INVALID_API_KEY")
    emails.tell_of_stopped_keys(NOW)
    emails.tell_of_stopped_keys(NOW)
    (letter,) = mail.outbox
    assert letter.to == ["staff@example.org"]
    for part in (words, "One picture waits", key.fingerprint, "/admin/tryon/key/"):
        assert part in letter.body
    budget.start_key(key, NOW)
    budget.stop_key(key, state, "again")
    emails.tell_of_stopped_keys(NOW)
    assert len(mail.outbox) == 2


@pytest.fixture
def away(monkeypatch):
    """A post office that says no so; returns how often it was asked."""
    asked = []

    def refuse(error):
        def send(*args, **kwargs):
            asked.append(1)
            raise error

        monkeypatch.setattr(emails, "send_mail", send)
        return asked

    return refuse


def test_a_letter_that_cannot_be_sent_is_tried_again(alice, away, monkeypatch):
    for _ in range(3):
        completed(alice, 1800)
    asked = away(ConnectionRefusedError())
    emails.tell_of_late_pictures(NOW)
    assert len(asked) == 1  # the post is away for the others too
    monkeypatch.undo()
    emails.tell_of_late_pictures(NOW)
    assert len(mail.outbox) == 3


def test_an_address_that_is_none_is_not_tried_for_ever(alice, away):
    completed(alice, 1800)
    asked = away(SMTPRecipientsRefused({}))
    emails.tell_of_late_pictures(NOW)
    emails.tell_of_late_pictures(NOW)
    assert len(asked) == 1
