"""DATABASES and CACHES, from the addresses that a shop sets."""

from pathlib import Path

import dj_database_url

from . import private

SQLITE, POSTGRESQL = "django.db.backends.sqlite3", "django.db.backends.postgresql"
PATIENCE = 2  # seconds for a cache: what it keeps is soon made anew


def parse_database(address: str, data_dir: Path) -> dict[str, object]:
    """Of DATABASE_URL, or a file in DATA_DIR."""
    options: dict[str, object] = {
        **dj_database_url.parse(
            address or f"sqlite:///{data_dir / 'db.sqlite3'}",
            conn_max_age=600,
            conn_health_checks=True,
            # One would outlive its transaction, which poolers do not allow.
            disable_server_side_cursors=True,
        )
    }
    if options["ENGINE"] == SQLITE:
        private.make_file(Path(str(options["NAME"])))
        # Several processes write: take the write lock at BEGIN, and wait for it.
        options["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
        }
    elif options["ENGINE"] == POSTGRESQL:
        options["ENGINE"] = "vto_site.postgresql"
    return options


def parse_caches(address: str) -> dict[str, object]:
    """Of CACHE_URL, which keeps signed addresses of pictures in S3 and nothing else.

    Limits of sign-ins are counted in "default" (allauth knows no other): in a table,
    where nothing culls them. Others live in tryon_tokenbucket.
    """
    table = {
        "BACKEND": "vto_site.cache.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # then Django removes the old
    }
    server = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": address,
        "OPTIONS": {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE},
    }
    return {"default": table, "addresses": server if address else table}
