"""How large a body may be, also where nobody announced how large it is."""

import tempfile
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest

IN_MEMORY = 2 * 2**20  # bytes, then on disk
STEP = 64 * 1024
WITHOUT_BODY = ("GET", "HEAD", "OPTIONS", "TRACE")

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def get_limit(path: str) -> int:
    """In bytes; staff send a catalogue's zip."""
    staff = path.startswith("/admin/")
    largest = settings.MAX_STAFF_BODY_MB if staff else settings.MAX_BODY_MB
    return int(largest * 2**20)


def is_too_large(request: HttpRequest) -> bool:
    size = request.META.get("CONTENT_LENGTH") or "0"
    return not size.isdecimal() or len(size) > 15 or int(size) > get_limit(request.path)


def is_endless(request: HttpRequest) -> bool:
    """It comes in parts, and the server cannot put them together: `runserver`."""
    return "HTTP_TRANSFER_ENCODING" in request.META


class Measured:
    """Around the WSGI application: reads a body that comes in parts, and measures it.

    Django takes one without a length for empty. Of one that is too large, no more is
    read than shows that it is.
    """

    def __init__(self, application: "WSGIApplication"):
        self.application = application

    def __call__(
        self, environ: "WSGIEnvironment", answer: "StartResponse"
    ) -> Iterable[bytes]:
        # Where a server says so its input ends where the body does, whatever its parts.
        if not environ.get("wsgi.input_terminated") or not _comes_in_parts(environ):
            return self.application(environ, answer)
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            left = get_limit(environ.get("PATH_INFO", "")) + 1
            while left and (data := environ["wsgi.input"].read(min(STEP, left))):
                body.write(data)
                left -= len(data)
            environ["CONTENT_LENGTH"] = str(body.tell())
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            body.seek(0)
            environ["wsgi.input"] = body
            return self.application(environ, answer)


def _comes_in_parts(environ: "WSGIEnvironment") -> bool:
    """By HTTP/1.1 it says so; by HTTP/2 it just has no length."""
    if "HTTP_TRANSFER_ENCODING" in environ:
        return True
    has_length = bool(environ.get("CONTENT_LENGTH"))
    return not has_length and environ["REQUEST_METHOD"] not in WITHOUT_BODY
