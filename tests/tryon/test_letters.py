from datetime import timedelta

import pytest
from django.core import mail

from tests import factories
from tests.factories import NOW
from tryon import letters
from tryon.models import Status, User
from tryon.scheduling import budget


def completed(owner, seconds: float):
    made = factories.try_on(owner, Status.COMPLETED)
    made.finished_at = made.submitted_at + timedelta(seconds=seconds)
    made.save()
    return made


def test_who_waited_longer_than_our_patience_is_told_once(alice):
    late = completed(alice, 1800)
    completed(alice, 30)
    letters.tell_of_late_pictures(NOW)
    letters.tell_of_late_pictures(NOW)
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.org"]
    assert f"/try-on/{late.pk}/" in letter.body
    assert f"/try-on/{late.pk}/" in letter.alternatives[0].content


def test_guests_have_no_address(db):
    completed(User.objects.get_or_create_guest("g" * 64, NOW), 1800)
    letters.tell_of_late_pictures(NOW)
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
    letters.tell_of_stopped_keys(NOW)
    letters.tell_of_stopped_keys(NOW)
    (letter,) = mail.outbox
    assert letter.to == ["staff@example.org"]
    for part in (words, "One picture waits", key.fingerprint, "/admin/tryon/key/"):
        assert part in letter.body
    budget.start_key(key, NOW)
    budget.stop_key(key, state, "again")
    letters.tell_of_stopped_keys(NOW)
    assert len(mail.outbox) == 2


def test_a_letter_that_cannot_be_sent_is_tried_again(alice, monkeypatch):
    completed(alice, 1800)

    def away(*args, **kwargs):
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(letters, "send_mail", away)
        letters.tell_of_late_pictures(NOW)
    letters.tell_of_late_pictures(NOW)
    assert len(mail.outbox) == 1
