"""Without the cache table everybody is answered; limits are then not kept."""

import psycopg
import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile as File
from django.db import connection, transaction

from tryon.models import Photo, User

PASSWORD = "a long password"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _there_again():
    yield
    cache.away_until = 0.0


@pytest.fixture
def no_table(caplog):
    """As before anybody ran `createcachetable`."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cache RENAME TO elsewhere")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE elsewhere RENAME TO cache")
    told = [row for row in caplog.get_records("call") if row.name == "vto_site.cache"]
    assert len(told) == 1


def sign_in(client, email):
    return client.post("/account/login/", {"login": email, "password": PASSWORD})


def test_sign_in_and_sign_up_without_the_table(client, alice, no_table):
    assert sign_in(client, alice.email).status_code == 302
    assert int(client.session["_auth_user_id"]) == alice.pk
    client.post("/account/logout/")
    new = {"email": "new@example.org", "password1": PASSWORD}
    assert client.post("/account/signup/", new).status_code == 302
    assert User.objects.filter(email="new@example.org").exists()


def test_forgetting_and_changing_a_password_without_the_table(as_alice, no_table):
    told = {"email": "alice@example.org"}
    assert as_alice.post("/account/password/reset/", told).status_code == 302
    changed = {
        "oldpassword": PASSWORD,
        "password1": "another long one",
        "password2": "another long one",
    }
    assert as_alice.post("/account/password/change/", changed).status_code == 302


def test_a_wrong_password_is_wrong_and_not_one_too_many(client, alice, no_table):
    for _ in range(12):
        wrong = {"login": alice.email, "password": "wrong"}
        html = client.post("/account/login/", wrong).content.decode()
        assert "do not go together" in html


def test_a_guests_first_photo_and_a_second_step(client, alice, jpeg, no_table):
    client.get("/photos/")
    fields = {"photo_file": File("me.jpg", jpeg), "consent": "on"}
    assert client.post("/photos/", fields).status_code == 302
    assert Photo.objects.get().owner.is_guest
    sign_in(client, alice.email)
    assert Photo.objects.get().owner == alice
    page = "/account/two-steps/totp/activate/"
    again = client.get(page)["Location"]
    client.post(again, {"password": PASSWORD, "next": page})
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True)
    assert client.post(page, {"code": "000000"}).status_code == 200


def test_an_error_leaves_the_transaction_whole(no_table):
    with transaction.atomic():
        cache.set("key", 1)
        assert cache.get("key", "none") == "none"
        assert "key" not in cache
        assert cache.add("key", 1)
        assert not cache.touch("key")
        assert not cache.delete("key")
        User.objects.create_user("within@example.org", PASSWORD)
    assert User.objects.filter(email="within@example.org").exists()


@pytest.fixture
def locked():
    """By an operator, as VACUUM FULL does; SQLite knows no lock of one table."""
    if connection.vendor != "postgresql":
        yield
        return
    settings = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{n: settings[n] for n in names if n in settings}) as session:
        session.execute("LOCK TABLE cache")
        yield


def test_sign_in_while_the_table_is_locked(client, alice, locked):
    assert sign_in(client, alice.email).status_code == 302


def test_one_that_is_there_is_not_added_again():
    assert cache.add("key", 1)
    assert not cache.add("key", 2)
    assert cache.get("key") == 1
