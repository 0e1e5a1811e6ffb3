"""How the database goes about what some code asks: nothing may read a whole table."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from django.db import connection

READS = re.compile(r"\s*(SELECT|UPDATE|DELETE)\b", re.I)
# A row or two, or as many as there are keys, troubles or receivers.
SMALL = {
    "tryon_planner",
    "tryon_key",
    "tryon_shop",
    "tryon_unfinished",
    "tryon_webhookendpoint",
    "tryon_feed",
}


@contextlib.contextmanager
def whole_tables_read() -> Iterator[list[str]]:
    """Fills with "table: query" for each that no index narrows down."""
    asked: list[tuple[str, Any]] = []
    found: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if READS.match(sql) and not many:
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found
    explain = _on_postgres if connection.vendor == "postgresql" else _on_sqlite
    for sql, params in asked:
        found += [f"{table}: {sql}" for table in explain(sql, params)]


def _on_sqlite(sql: str, params: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        steps = [row[3] for row in cursor.fetchall()]
    scans = [re.match(r"SCAN (\w+)(?! USING)(?:$| )", step) for step in steps]
    aliases = dict(re.findall(r'"(\w+)" (U\d|V\d|T\d)', sql))
    names = {alias: table for table, alias in aliases.items()}
    tables = [names.get(scan[1], scan[1]) for scan in scans if scan]
    return [t for t in tables if t.startswith("tryon_") and t not in SMALL]


def _on_postgres(sql: str, params: Any) -> list[str]:
    """With few rows it reads them all unless that is forbidden."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}", params)
        steps = [row[0] for row in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = on")
    tables = [m[1] for step in steps if (m := re.search(r"Seq Scan on (\w+)", step))]
    return [t for t in tables if t.startswith("tryon_") and t not in SMALL]
