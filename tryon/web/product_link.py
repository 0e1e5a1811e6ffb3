"""The way back to the shop's product page that somebody came from."""

from typing import TypedDict
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

KEY = "return_to"  # in the session


class ReturnTo(TypedDict):
    url: str
    host: str
    sku: str


def remember(request: HttpRequest) -> None:
    """Keep `?return=` for this visit, if the shop has named its host.

    Any other address is dropped without a word: it would be an open redirect.
    """
    url = request.GET.get("return", "")
    if not url:
        return
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    if parts.scheme not in ("http", "https") or parts.username is not None:
        return
    if not _is_known(parts.netloc.lower()):
        return
    sku = request.GET.get("garment", "")
    request.session[KEY] = ReturnTo(url=url, host=parts.netloc.lower(), sku=sku)


def get_return_to(request: HttpRequest) -> ReturnTo | None:
    """Where "Back to the product" leads, if somewhere."""
    kept: ReturnTo | None = request.session.get(KEY)
    return kept if kept is not None and _is_known(kept["host"]) else None


def _is_known(host: str) -> bool:
    """Of the shop's product pages, those that frame us among them."""
    framing_hosts = (urlsplit(origin).netloc for origin in settings.TRYON_EMBED_ORIGINS)
    return host in (*settings.TRYON_RETURN_HOSTS, *framing_hosts)
