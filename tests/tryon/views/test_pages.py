from botocore.exceptions import EndpointConnectionError
from django.db import DatabaseError, connection

from tests.conftest import StrictClient


def test_home_and_privacy(client, db):
    assert "See it on you first" in client.get("/").content.decode()
    assert "cannot delete there" in client.get("/privacy/").content.decode()


def test_healthz_needs_no_database_and_no_host(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        response = client.get("/healthz", headers={"Host": "anything.example"})
    assert response.status_code == 200


def test_readyz(client, db, monkeypatch):
    assert client.get("/readyz").json()["database"] is True

    def away():
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(connection, "ensure_connection", away)
        response = client.get("/readyz")
    assert response.status_code == 503


def test_readyz_when_storage_is_away(client, db, monkeypatch):
    monkeypatch.setattr("tryon.pictures.storage.default_storage", AwayStorage())
    response = client.get("/readyz")
    assert (response.status_code, response.json()["storage"]) == (503, False)


class AwayStorage:
    def exists(self, name: str) -> bool:
        raise EndpointConnectionError(endpoint_url="http://s3")


def test_readyz_tells_of_the_broker(client, db, monkeypatch):
    assert client.get("/readyz").json()["broker"] is True
    monkeypatch.setattr("tryon.tasks.broker_answers", lambda: False)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["broker"]) == (200, False)


def test_security_headers(client, db):
    response = client.get("/")
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"


def test_not_found_is_a_page_of_ours(client, db):
    response = client.get("/nothing/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_a_form_without_a_cookie(db):
    strict = StrictClient(enforce_csrf_checks=True)
    response = strict.post("/try-on/", {})
    assert response.status_code == 403
    assert "sent no cookie" in response.content.decode()


def test_server_error_asks_nothing_of_the_database(rf):
    from tryon.views.errors import server_error

    assert b"Your pictures are safe" in server_error(rf.get("/")).content
