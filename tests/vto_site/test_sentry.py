"""Error reports: sent to where SENTRY_DSN says, without secrets."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import sentry_sdk
from django.urls import path

from tests.conftest import StrictClient
from tryon.urls import urlpatterns as ours
from vto_site import sentry

KEY = "sk_live_" + "q" * 43


def broken(request, token):
    photo = "a-photo-of-somebody"
    raise RuntimeError(f"refused {KEY} {photo[:0]}")


urlpatterns = [path("s/<token>/broken/", broken), *ours]


@pytest.fixture
def reports():
    """A server that takes what Sentry would."""
    taken = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            taken.append(body.decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Taker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sentry.report_to(f"http://public@127.0.0.1:{server.server_port}/1")
    yield taken
    sentry_sdk.get_client().close(timeout=5)
    sentry_sdk.init(dsn=None)
    server.shutdown()
    server.server_close()


@pytest.mark.urls(__name__)
def test_a_report_names_the_error_and_no_secret(reports, alice):
    client = StrictClient(raise_request_exception=False)
    client.force_login(alice)
    response = client.post("/s/a-secret-token/broken/", {"password": "pass-word-1"})
    assert response.status_code == 500
    assert KEY not in response.content.decode()
    sentry_sdk.flush(timeout=5)
    (report,) = [body for body in reports if "RuntimeError" in body]
    event = json.loads(report.splitlines()[2])
    assert event["exception"]["values"][0]["value"].startswith("refused sk_…")
    for secret in (KEY, "a-secret-token", "pass-word-1", alice.email, "sessionid="):
        assert secret not in report, secret
