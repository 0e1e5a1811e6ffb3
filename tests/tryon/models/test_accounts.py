from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.factories import NOW
from tryon.models import User


def test_e_mail_is_the_name_whatever_its_case(alice):
    assert User.objects.get_by_natural_key("ALICE@example.org") == alice
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="ALICE@EXAMPLE.ORG", password="!")


@pytest.mark.django_db
def test_two_first_requests_of_a_browser_share_a_guest():
    first = User.objects.get_or_create_guest("b" * 64, NOW)
    assert User.objects.get_or_create_guest("b" * 64, NOW) == first
    assert first.is_guest
    assert str(first) == f"guest {first.pk}"


@pytest.mark.django_db
def test_the_csrf_secret_is_no_log_in_later_on():
    first = User.objects.get_or_create_guest("b" * 64, NOW)
    later = NOW + timedelta(minutes=5)
    assert User.objects.get_or_create_guest("b" * 64, later) != first


@pytest.mark.django_db
def test_a_user_is_a_guest_or_has_an_e_mail():
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(password="!")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="x@example.org", guest_expires_at=NOW)


def test_limits(alice, settings):
    assert alice.limit == settings.TRYON_DAILY_LIMIT
    alice.daily_limit = 0
    assert alice.limit == 0
    guest = User.objects.get_or_create_guest("c" * 64, NOW)
    assert guest.limit == settings.TRYON_GUEST_LIMIT
