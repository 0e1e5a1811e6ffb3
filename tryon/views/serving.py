"""A private file as an answer, once a view has found that this visitor may see it."""

from datetime import datetime
from functools import partial
from typing import cast

from django.conf import settings
from django.core.cache import caches
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from redis.exceptions import RedisError

from ..pictures import storage
from ..web import byte_ranges

CONTENT_TYPES = {"jpg": "image/jpeg", "webp": "image/webp"}
DAY = 24 * 3600


def serve_private(request: HttpRequest, name: str, now: datetime) -> HttpResponseBase:
    """Answer with a file that the caller has found this visitor may see.

    A random name never changes its content, so a browser may keep it for a day;
    nobody between may. On S3 the answer is a redirect to a signed address.
    """
    if not settings.MEDIA_IS_LOCAL:
        return _redirect(name, now)
    etag = f'"{name}"'
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponseBase = HttpResponse(status=304)
    else:
        try:
            file = storage.open_file(name)
        except FileNotFoundError:
            raise Http404 from None
        response = FileResponse(file, content_type=_content_type(name))
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={DAY}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def serve_download(
    request: HttpRequest, name: str, *, called: str, content_type: str
) -> HttpResponseBase:
    """Answer with a file for somebody's disk, under a name of ours; nobody caches it.

    However large: on S3 the answer leads to an address signed for an hour, on disk a
    download that broke off goes on where it was.
    """
    headers = {
        "Content-Disposition": content_disposition_header(True, called) or "attachment",
        "Content-Type": content_type,
        "Cache-Control": "private, no-store",
    }
    if not settings.MEDIA_IS_LOCAL:
        return _lead_to(request, name, headers)
    try:
        file = storage.open_file(name)
    except FileNotFoundError:
        raise Http404 from None
    etag, size = f'"{name}"', file.size
    headers.update({"ETag": etag, "Accept-Ranges": "bytes"})
    try:
        part = byte_ranges.parse_range(request, etag, size)
    except byte_ranges.Unsatisfiable:
        file.close()
        headers["Content-Range"] = f"bytes */{size}"
        return HttpResponse(status=416, headers=headers)
    send = partial(FileResponse, as_attachment=True, filename=called, headers=headers)
    if part is None:
        return send(file)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    headers["Content-Length"] = str(len(part))
    return send(byte_ranges.Part(file, part), status=206)


def _lead_to(
    request: HttpRequest, name: str, headers: dict[str, str]
) -> HttpResponseBase:
    """A redirect to the file in S3, which is told what to say of it."""
    with storage.translate_errors():
        if not default_storage.exists(name):
            raise Http404
        overrides = {f"Response{key.replace('-', '')}": headers[key] for key in headers}
        address = default_storage.url(  # type: ignore[call-arg]
            name, parameters=overrides, expire=3600, http_method=request.method
        )
    response = HttpResponse(status=302)
    response["Location"] = address
    response["Cache-Control"] = "private, no-store"
    return response


def _redirect(name: str, now: datetime) -> HttpResponse:
    # One address for the whole hour, so that the browser's cache can hit it.
    key = f"media:{name}:{now:%Y%m%d%H}"
    signed = partial(default_storage.url, name, expire=7200)  # type: ignore[call-arg]
    try:
        address = cast(str, caches["addresses"].get_or_set(key, signed, 3600))
    except RedisError:  # away: signed anew, and loaded anew
        address = signed()
    response = HttpResponse(status=302)
    response["Location"] = address
    response["Cache-Control"] = "private, max-age=600"
    return response


def _content_type(name: str) -> str:
    return CONTENT_TYPES[name.rpartition(".")[2]]
