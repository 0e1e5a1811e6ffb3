"""Hearts on garments and on pictures."""

from tests import factories
from tryon.models import Status


def test_a_garment_is_marked_and_unmarked(as_alice, alice):
    piece = factories.garment(sku="H-1", name="Linen dress")
    address = f"/garments/{piece.pk}/favourite/"
    answer = as_alice.post(
        address, {"favourite": "on"}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 204
    assert alice.favourite_garments.get() == piece
    as_alice.post(address, {"favourite": "on"})
    assert alice.favourite_garments.count() == 1
    as_alice.post(address, {"favourite": "off"})
    assert not alice.favourite_garments.exists()


def test_without_a_script_the_choice_is_kept(as_alice):
    piece = factories.garment(sku="H-1")
    response = as_alice.post(
        f"/garments/{piece.pk}/favourite/",
        {"favourite": "on", "top": str(piece.pk), "photo": "p"},
    )
    assert response["Location"].startswith("/try-on/?photo=p&top=")


def test_the_filter_shows_favourites_only(as_alice, alice):
    liked = factories.garment(sku="H-1", name="Linen dress")
    factories.garment(sku="H-2", name="Rain coat")
    alice.favourite_garments.add(liked)
    html = as_alice.get("/try-on/?of=favourites").content.decode()
    assert "Linen dress" in html
    assert "Rain coat" not in html


def test_visitors_without_anything_see_no_hearts(client, db):
    factories.garment(sku="H-1")
    html = client.get("/try-on/?of=favourites").content.decode()
    assert "data-favourite" not in html
    assert "Nothing here yet." in html


def test_a_picture_is_marked(as_alice, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    as_alice.post(f"/try-on/{done.pk}/favourite/", {"favourite": "on"})
    done.refresh_from_db()
    assert done.favourite_at is not None
    as_alice.post(f"/try-on/{done.pk}/favourite/", {"favourite": "off"})
    done.refresh_from_db()
    assert done.favourite_at is None
