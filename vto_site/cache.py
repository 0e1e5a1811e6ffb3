"""The table of limits and addresses, without which everything answers all the same."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeVar

from django.core.cache.backends import db
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.db import DatabaseError, connection, transaction

logger = logging.getLogger(__name__)

T = TypeVar("T")
LOCK_TIMEOUT = "2s"
LEFT_ALONE = 10  # seconds: a sign-in asks twenty times


class DatabaseCache(db.DatabaseCache):
    """While its table is missing, broken or locked it keeps nothing, and says so.

    Then sign-ins are not counted: better than that nobody can sign in.
    """

    away_until = 0.0  # by the monotonic clock; there is one cache a thread

    def get_many(
        self, keys: object, version: int | None = None
    ) -> dict[object, object]:
        return self._ask({}, super().get_many, keys, version)

    def has_key(self, key: object, version: int | None = None) -> bool:
        return self._ask(False, super().has_key, key, version)

    def _base_set(
        self,
        mode: str,
        key: str,
        value: object,
        timeout: float | None = DEFAULT_TIMEOUT,
    ) -> bool:
        new = mode != "touch"
        query = super()._base_set  # type: ignore[misc]
        return self._ask(new, query, mode, key, value, timeout)

    def _base_delete_many(self, keys: list[str]) -> bool:
        query = super()._base_delete_many  # type: ignore[misc]
        return self._ask(False, query, keys)

    def _ask(self, otherwise: T, query: Callable[..., T], *args: object) -> T:
        if time.monotonic() < self.away_until:
            return otherwise
        try:
            with (
                limit_lock_wait()
                if connection.vendor == "postgresql"
                else nullcontext()
            ):
                return query(*args)
        except DatabaseError as error:
            logger.error("the cache table is away, limits are not kept: %s", error)
            self.away_until = time.monotonic() + LEFT_ALONE
            return otherwise


@contextmanager
def limit_lock_wait() -> Iterator[None]:
    """Else a lock would hold the request up, and an error end its transaction."""
    is_first = not connection.in_atomic_block  # or it would hold for the others too
    with transaction.atomic():
        if is_first:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = %s", [LOCK_TIMEOUT])
        yield
