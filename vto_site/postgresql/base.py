"""PostgreSQL that fails over, or stands behind a pooler, as Django's own does not.

Django looks for `base` in the package that ENGINE names.
"""

from typing import Self

import psycopg
from django.db.backends.postgresql import base, schema

LOCK_TIMEOUT = "5s"  # of a migration: visitors would wait behind it


class SchemaEditor(schema.DatabaseSchemaEditor):
    """Gives up after five seconds on a table that is busy.

    Within its transaction: a pooler takes no options of a connection.
    """

    def __enter__(self) -> Self:
        super().__enter__()
        if self.atomic_migration and not self.collect_sql:
            self.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        return self


class DatabaseWrapper(base.DatabaseWrapper):
    """After a failover the old server may go on, for reading: it is left.

    Django asks before a connection is used again, and after each error on it.
    """

    SchemaEditorClass = SchemaEditor

    def is_usable(self) -> bool:
        """Whether it can be written to as well; one round trip, as Django's own."""
        if self.connection is None:
            return False
        try:
            row = self.connection.execute("SHOW transaction_read_only").fetchone()
        except psycopg.Error:
            return False
        return bool(row == ("off",))
