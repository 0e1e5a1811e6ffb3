import pytest
from django.db import IntegrityError, transaction

from tests import factories
from tests.factories import NOW
from tryon import services
from tryon.models import Garment, Photo


def test_renditions_are_linked_once_they_exist(alice):
    photo = factories.photo(alice)
    assert photo.srcset == ""
    assert photo.small_url == photo.url == f"/media/{photo.stem}.jpg"
    photo.renditions_at = NOW
    assert photo.small_url.endswith("-480.webp")
    assert photo.srcset.count(photo.stem) == 2


def test_names_cannot_be_guessed(alice):
    stems = {factories.photo(alice).stem for _ in range(3)}
    assert len(stems) == 3
    assert all(len(stem) == len("photo-") + 22 for stem in stems)


def test_visible_to(alice, bob):
    mine = factories.photo(alice)
    assert list(Photo.objects.visible_to(alice)) == [mine]
    assert not Photo.objects.visible_to(bob).exists()
    assert not Photo.objects.visible_to(None).exists()
    own = factories.garment(owner=alice)
    shop = factories.garment(sku="V-1")
    retired = factories.garment(sku="V-2")
    services.retire_garment(garment=retired, now=NOW)
    assert set(Garment.objects.visible_to(bob)) == {shop, retired}
    assert set(Garment.objects.choosable_by(alice)) == {own, shop}
    assert set(Garment.objects.choosable_by(None)) == {shop}


def test_a_sku_is_unique_in_the_catalogue(alice):
    factories.garment(sku="S-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.garment(sku="S-1")


def test_kinds_are_the_apis(alice):
    garment = factories.garment(sku="K-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Garment.objects.filter(pk=garment.pk).update(kind="hat")
