"""The same pages in German: by the browser's wish, or by the customer's."""

from tests import factories
from tryon.models import Status

GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}


def test_the_browsers_language(client, db):
    html = client.get("/", headers=GERMAN).content.decode()
    assert '<html lang="de" dir="ltr">' in html
    assert "Erst an dir sehen" in html


def test_the_customers_choice_wins(as_alice):
    as_alice.post("/language/", {"language": "en", "next": "/gallery/"})
    html = as_alice.get("/gallery/", headers=GERMAN).content.decode()
    assert "Your pictures will hang here." in html
    response = as_alice.post("/language/", {"language": "de", "next": "/gallery/"})
    assert response["Location"] == "/gallery/"
    assert "Galerie" in as_alice.get("/gallery/").content.decode()


def test_a_language_that_is_none(as_alice):
    as_alice.post("/language/", {"language": "xx"})
    assert '<html lang="en" dir="ltr">' in as_alice.get("/gallery/").content.decode()


def test_a_failure_reads_in_the_readers_language(as_alice, alice):
    failed = factories.try_on(alice, Status.FAILED)
    html = as_alice.get(f"/try-on/{failed.pk}/", headers=GERMAN).content.decode()
    assert "Der Versuch kam zurück." in html


def test_dates_and_estimates(as_alice, alice):
    done = factories.try_on(alice, Status.COMPLETED)
    html = as_alice.get(f"/try-on/{done.pk}/", headers=GERMAN).content.decode()
    assert "12. Mai, 14:00" in html
    running = factories.try_on(alice, Status.PROCESSING)
    html = as_alice.get(f"/try-on/{running.pk}/", headers=GERMAN).content.decode()
    assert "Meist " in html
