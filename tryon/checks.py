"""System checks for wrong deployments, each with an id and a hint."""

import os

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register()
def base_url_needs_keys(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if settings.MIRAGIC_BASE_URL_WITHOUT_KEYS:
        return [
            Warning(
                "MIRAGIC_BASE_URL is set, MIRAGIC_API_KEYS is not.",
                hint="Set MIRAGIC_API_KEYS, or unset MIRAGIC_BASE_URL for the sandbox.",
                id="tryon.W001",
            )
        ]
    return []


@register()
def keys_without_spaces(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    bad = [key for key in settings.MIRAGIC_API_KEYS if not key.isascii() or " " in key]
    if bad:
        return [
            Error(
                f"{len(bad)} of the keys in MIRAGIC_API_KEYS cannot be a key.",
                hint="Separate keys by commas; a key has no spaces.",
                id="tryon.E001",
            )
        ]
    return []


@register()
def data_dir_is_writable(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    if not os.access(settings.DATA_DIR, os.W_OK):
        return [
            Error(
                f"DATA_DIR {settings.DATA_DIR} is not writable.",
                hint="Set DATA_DIR to a folder that the processes may write to.",
                id="tryon.E002",
            )
        ]
    return []


@register()
def time_scale_only_for_stand_ins(
    app_configs: object, **kwargs: object
) -> list[CheckMessage]:
    if settings.MIRAGIC_TIME_SCALE != 1 and "miragic.ai" in settings.MIRAGIC_BASE_URL:
        return [
            Error(
                "MIRAGIC_TIME_SCALE is set against the real API.",
                hint="Unset it: the scale is for sped-up stand-ins only.",
                id="tryon.E003",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def https_needs_a_proxy(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """The web process speaks http: who ends https has to be believed."""
    if settings.SECURE_SSL_REDIRECT and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "SITE_URL is https, and TRUSTED_PROXIES names no proxy: each page "
                "leads to itself for ever.",
                hint="Set TRUSTED_PROXIES to the address or network of the proxy that "
                "ends https; it has to send X-Forwarded-Proto.",
                id="tryon.W002",
            )
        ]
    return []
