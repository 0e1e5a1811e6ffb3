"""Where a developer's own programs listen, though it is no public address."""

from urllib.parse import urlsplit

from django.conf import settings

HOSTS = ("localhost", "127.0.0.1", "::1")


def is_own_machine(url: str) -> bool:
    """Only with DEBUG; in production it is an address like any private one."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return settings.DEBUG and host in HOSTS
