"""The databases of sites under test, from outside: prepared at once, and asked."""

import contextlib
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

# By server, none for files: a database with all tables and nothing in them.
_templates: dict[str, str] = {}
_folder = tempfile.TemporaryDirectory(prefix="fitting-room-tables-")


def prepare(env: dict[str, str], migrate: Callable[[], None]) -> None:
    """Migrations take seconds, and each site of a test run would make them anew."""
    server = env.get("DATABASE_URL", "").rpartition("/")[0]
    if server in _templates:
        _copy(env, _templates[server])
        return
    migrate()
    _templates[server] = _keep(env)


def ask(env: dict[str, str], query: str) -> list[tuple[Any, ...]]:
    address = env.get("DATABASE_URL")
    if address:
        with psycopg.connect(address) as server:
            return server.execute(SQL(query)).fetchall()
    with contextlib.closing(sqlite3.connect(_path(env), timeout=20)) as file:
        return file.execute(query).fetchall()


def _path(env: dict[str, str]) -> Path:
    return Path(env["DATA_DIR"]) / "db.sqlite3"


def _keep(env: dict[str, str]) -> str:
    address = env.get("DATABASE_URL")
    if address:
        made = create(address, f"template-{uuid.uuid4().hex[:12]}", _name(address))
        return _name(made)
    kept = Path(_folder.name) / "tables.sqlite3"
    shutil.copy(_path(env), kept)
    return str(kept)


def _copy(env: dict[str, str], template: str) -> None:
    address = env.get("DATABASE_URL")
    if address:
        create(address, _name(address), template)
    else:
        _path(env).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(template, _path(env))


def _name(address: str) -> str:
    return address.rpartition("/")[2]


def create(address: str, name: str, template: str = "template1") -> str:
    """A database on the server of `address`, in place of one of the same name.

    Returns its own address.
    """
    server = address.rpartition("/")[0]
    with psycopg.connect(f"{server}/template1", autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))
        connection.execute(
            SQL("CREATE DATABASE {} TEMPLATE {}").format(
                Identifier(name), Identifier(template)
            )
        )
    return f"{server}/{name}"
