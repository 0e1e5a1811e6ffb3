"""A shop's past, written by the database itself: years of it in minutes.

Both shops have the same last 30 days, so that what differs between them is their age.
Only rows, no files. On SQLite and on PostgreSQL.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection, models

from tryon.models import ApiRequest, Garment, Photo, Result, TryOn, TryOnEvent, User
from tryon.pipeline import budget

DAYS, YEARS = 30, 700  # the last days, alike in all shops; and how far back it goes
SEASON = 200  # pieces that are tried on now
A_CUSTOMERS = 60  # pictures, of 6 photos
RAW = {
    "success": True,
    "data": {
        "mode": "SINGLE",
        "status": "COMPLETED",
        "processingStartedAt": "2026-05-12T14:00:02.120Z",
        "processingCompletedAt": "2026-05-12T14:00:22.480Z",
        "errorMessage": None,
        "garmentType": "upper_body",
    },
}
# Kind, outcome, seconds after the job was asked for.
REQUESTS = [
    ("submit", "accepted", 2),
    ("poll", "running", 14),
    ("poll", "running", 20),
    ("poll", "completed", 25),
]
EVENTS = [
    ("", "queued", 0),
    ("queued", "submitting", 1),
    ("submitting", "processing", 2),
    ("processing", "fetching", 25),
    ("fetching", "completed", 26),
]


@dataclass(frozen=True)
class Size:
    """How much there is; `recent` of the try-ons are of the last 30 days."""

    try_ons: int
    recent: int
    photos: int
    guests: int
    garments: int
    sessions: int

    def times(self, share: float) -> "Size":
        def some(count: int, least: int) -> int:
            return max(round(count * share), least)

        return Size(
            try_ons=some(self.try_ons, 120),
            recent=some(self.recent, 60),
            photos=some(self.photos, 24),
            guests=some(self.guests, 6),
            garments=some(self.garments, 8),
            sessions=some(self.sessions, 6),
        )


# 300 pictures a day; four requests and five events a picture.
FRESH = Size(9_000, 9_000, photos=1_000, guests=100, garments=SEASON, sessions=400)
AGED = Size(500_000, 9_000, 100_000, 50_000, garments=20_000, sessions=60_000)


class Dialect:
    """The few words that the two databases have each of their own for."""

    def __init__(self, now: datetime):
        self.now = now.timestamp()
        self.is_postgres = connection.vendor == "postgresql"
        self.uuid = "lower(hex(randomblob(16)))"
        self.name = "lower(hex(randomblob(11)))"
        if self.is_postgres:
            self.uuid = "gen_random_uuid()"
            self.name = "substr(replace(gen_random_uuid()::text, '-', ''), 1, 22)"

    def ago(self, seconds: str) -> str:
        at = f"{self.now} - ({seconds})"
        if self.is_postgres:
            return f"to_timestamp({at})"
        return f"strftime('%Y-%m-%d %H:%M:%f000', {at}, 'unixepoch')"

    def later(self, column: str, seconds: str) -> str:
        if self.is_postgres:
            return f"{column} + ({seconds}) * interval '1 second'"
        return (
            f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '+' || ({seconds}) "
            "|| ' seconds')"
        )


def execute(sql: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def insert(
    model: type[models.Model],
    source: str,
    steps: list[tuple[str, str, int]] | None = None,
    **columns: str,
) -> None:
    """Rows of `columns`, as SQL; what else a row must have is the model's default.

    `steps` are rows of a table `s` (one, two, after) that `source` may join.
    """
    params = []
    for field in model._meta.concrete_fields:
        skipped = field.null or isinstance(field, models.AutoField)
        if field.column not in columns and not skipped and not field.has_db_default():
            columns[field.column] = "%s"
            params.append(field.get_db_prep_save(field.get_default(), connection))
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(
        value if value == "%s" else value.replace("%", "%%")
        for value in columns.values()
    )
    rows = ", ".join(f"('{one}', '{two}', {after})" for one, two, after in steps or ())
    joined = f"WITH s (one, two, after) AS (VALUES {rows}) " if steps else ""
    execute(
        f'INSERT INTO "{model._meta.db_table}" ({names}) {joined}'
        f"SELECT {values} {source.replace('%', '%%')}",
        params,
    )


def fill(size: Size, now: datetime) -> None:
    """Write it all. Nothing but an account or two may be there before."""
    sql = Dialect(now)
    budget.known_keys(now)
    execute(
        "CREATE TEMPORARY TABLE numbers AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL "  # noqa: S608
        f"SELECT i + 1 FROM n WHERE i + 1 < {size.try_ons}) SELECT i FROM n"
    )
    _people(size, sql)
    _clothes(size, sql)
    _photos(size, sql)
    _try_ons(size, sql)
    _stories(sql)
    for table in ("numbers", "people", "tops", "bottoms", "pictures"):
        execute(f"DROP TABLE {table}")
    vacuum()


def vacuum() -> None:
    """PostgreSQL's own housekeeping does it in a real shop."""
    if connection.vendor == "postgresql":
        execute("VACUUM ANALYZE")


def _age(size: Size, i: str = "i") -> str:
    """In seconds, of the i-th newest."""
    recent, all_of_it = DAYS * 86400, YEARS * 86400
    older = max(size.try_ons - size.recent, 1)
    return (
        f"CASE WHEN {i} < {size.recent} THEN 120 + {i} * {recent - 240}.0 / "
        f"{size.recent} ELSE {recent} + ({i} - {size.recent}) * "
        f"{all_of_it - recent}.0 / {older} END"
    )


def _numbered(name: str, select: str) -> None:
    """A table of keys by number, from 0 on."""
    execute(f"CREATE TEMPORARY TABLE {name} AS {select}")
    execute(f"CREATE INDEX {name}_n ON {name} (n)")


def _people(size: Size, sql: Dialect) -> None:
    customers = max(size.try_ons // A_CUSTOMERS, 2)
    insert(
        User,
        f"FROM numbers WHERE i < {customers}",
        email="'c' || i || '@example.org'",
        date_joined=sql.ago(f"{YEARS * 86400} - i * {YEARS * 86400}.0 / {customers}"),
        password="'!'",
    )
    # All of the last day: `tend` deletes them when theirs is over.
    insert(
        User,
        f"FROM numbers WHERE i < {size.guests}",
        guest_browser="'b' || i",
        guest_expires_at=sql.ago(f"-7200 - i * 72000.0 / {size.guests}"),
        date_joined=sql.ago(f"79200 - i * 72000.0 / {size.guests}"),
        password="'!'",
    )
    _numbered(
        "people",
        "SELECT row_number() OVER (ORDER BY (email IS NULL) DESC, id) - 1 AS n, id "
        "FROM tryon_user WHERE email LIKE 'c%@example.org' OR email IS NULL",
    )
    insert(
        Session,
        f"FROM numbers WHERE i < {size.sessions}",
        session_key=f"{sql.name} || i",
        session_data="'eyJhIjoxfQ:1u0000:' || i",
        expire_date=sql.ago(f"-86400 - i * 1000000.0 / {size.sessions}"),
    )


def _picture(kind: str, sql: Dialect) -> dict[str, str]:
    return {
        "id": sql.uuid,
        "stem": f"'{kind}-' || {sql.name}",
        "width": "768",
        "height": "1024",
        "mean_color": "'#888888'",
        "source_sha256": f"{sql.name} || i",
    }


def _clothes(size: Size, sql: Dialect) -> None:
    """Tops and bottoms, the newest first; a piece in ten is retired."""
    age = f"864000 + i * {YEARS * 86400 - 864000}.0 / {size.garments}"
    insert(
        Garment,
        f"FROM numbers WHERE i < {size.garments}",
        **_picture("garment", sql),
        kind="CASE WHEN i % 2 = 0 THEN 'upper_body' ELSE 'lower_body' END",
        name="'Piece ' || i",
        sku="'S-' || (100000 + i)",
        search_text="'piece ' || i || '\n' || 's-' || (100000 + i)",
        created_at=sql.ago(age),
        renditions_at=sql.ago(age),
        retired_at=f"CASE WHEN i > {SEASON} AND i % 10 = 0 THEN {sql.ago('864000')} "
        "END",
    )
    for name, kind in (("tops", "upper_body"), ("bottoms", "lower_body")):
        _numbered(
            name,
            "SELECT row_number() OVER (ORDER BY created_at DESC) - 1 AS n, id "  # noqa: S608
            f"FROM tryon_garment WHERE kind = '{kind}'",
        )


def _photos(size: Size, sql: Dialect) -> None:
    """One a guest, of the last day; the others are the customers', six each."""
    others = size.photos - size.guests
    age = f"{YEARS * 86400} - (i - {size.guests}) * {(YEARS - 1) * 86400}.0 / {others}"
    at = sql.ago(f"CASE WHEN i < {size.guests} THEN 7200 + i ELSE {age} END")
    people = size.guests + max(size.try_ons // A_CUSTOMERS, 2)
    whose = f"{size.guests} + (i - {size.guests}) % {people - size.guests}"
    insert(
        Photo,
        f"FROM numbers JOIN people ON n = CASE WHEN i < {size.guests} THEN i "
        f"ELSE {whose} END WHERE i < {size.photos}",
        **_picture("photo", sql),
        owner_id="people.id",
        created_at=at,
        renditions_at=at,
    )
    _numbered(
        "pictures",
        "SELECT row_number() OVER (ORDER BY p.created_at) - 1 AS n, p.id, p.owner_id "
        "FROM tryon_photo p JOIN tryon_user u ON u.id = p.owner_id "
        "WHERE u.email LIKE 'c%@example.org'",
    )


def _try_ons(size: Size, sql: Dialect) -> None:
    """The oldest first, as they would lie on the disk."""
    tops, season = max(size.garments // 2, 1), max(min(SEASON, size.garments) // 2, 1)
    pieces = f"CASE WHEN i < {size.recent} THEN i % {season} ELSE i % {tops} END"
    at, photos = _age(size), size.photos - size.guests
    ended = sql.ago(f"({at}) - 26")
    failed, canceled, combo = "i % 20 = 3", "i % 50 = 7", "i % 5 = 0"
    is_true, is_false = ("true", "false") if sql.is_postgres else ("1", "0")
    insert(
        TryOn,
        f"FROM numbers JOIN pictures ON pictures.n = i % {photos} "  # noqa: S608
        f"JOIN tops ON tops.n = {pieces} JOIN bottoms ON bottoms.n = tops.n "
        "CROSS JOIN (SELECT min(id) AS id FROM tryon_key) k ORDER BY i DESC",
        id=sql.uuid,
        token=sql.uuid,
        owner_id="pictures.owner_id",
        photo_id="pictures.id",
        garment_id="tops.id",
        bottom_garment_id=f"CASE WHEN {combo} THEN bottoms.id END",
        mode=f"CASE WHEN {combo} THEN 'combo' ELSE 'single' END",
        garment_kind=f"CASE WHEN {combo} THEN '' ELSE 'upper_body' END",
        status=f"CASE WHEN {failed} THEN 'failed' WHEN {canceled} THEN 'canceled' "
        "ELSE 'completed' END",
        failure_code=f"CASE WHEN {failed} THEN 'not_made' ELSE '' END",
        counts_against_limit=f"CASE WHEN {failed} OR {canceled} THEN {is_false} "
        f"ELSE {is_true} END",
        created_at=sql.ago(at),
        submitted_at=sql.ago(f"({at}) - 2"),
        last_polled_at=sql.ago(f"({at}) - 20"),
        answered_at=f"CASE WHEN {canceled} THEN NULL ELSE {ended} END",
        finished_at=ended,
        told_at=ended,
        duration_seconds=f"CASE WHEN {canceled} THEN NULL ELSE 15 + i % 17 END",
        key_id="k.id",
        remote_id="'job-' || i",
        raw_answer=f"'{json.dumps(RAW)}'",
    )


def _stories(sql: Dialect) -> None:
    """Each try-on's result, requests and events."""
    insert(
        Result,
        "FROM tryon_tryon t WHERE t.status = 'completed' ORDER BY t.created_at",
        try_on_id="t.id",
        stem=f"'result-' || {sql.name}",
        width="768",
        height="1024",
        mean_color="'#888888'",
        created_at="t.finished_at",
        renditions_at="t.finished_at",
        seen_at="t.finished_at",
    )
    sent = sql.later("t.created_at", "s.after")
    insert(
        ApiRequest,
        "FROM tryon_tryon t CROSS JOIN s",
        steps=REQUESTS,
        key_id="t.key_id",
        try_on_id="t.id",
        kind="s.one",
        token=sql.uuid,
        planned_at=sent,
        sent_at=sent,
        answered_at=sql.later("t.created_at", "s.after + 1"),
        outcome="s.two",
        http_status="200",
    )
    insert(
        TryOnEvent,
        "FROM tryon_tryon t CROSS JOIN s",
        steps=EVENTS,
        try_on_id="t.id",
        from_status="s.one",
        to_status="s.two",
        at=sent,
    )
