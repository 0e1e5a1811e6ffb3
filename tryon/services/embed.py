"""The button on product pages: which pieces have it, who it is, what came of it."""

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import close_old_connections
from django.utils import timezone

from ..models import EmbedCount, EmbedStep, EmbedToken, Garment, User
from .customers import get_or_create_customer

MOST_SKUS = 200  # of one page
WRITE_EVERY = 10  # seconds


def create_token(*, customer: str, now: datetime) -> tuple[EmbedToken, str]:
    """For one opening by the shop's customer of that id. Raises `NoCustomer`."""
    return EmbedToken.create(get_or_create_customer(customer), now)


def use_token(*, token: str, known: User | None, now: datetime) -> User | None:
    """Whom the shop says it is; None for a token that is used, too old or none.

    A used one is still good for who is `known` by it: the dialog may be opened again
    on the same page.
    """
    customer = EmbedToken.use(token, now)
    if customer is None and known is not None:
        customer = known if EmbedToken.find_customer(token) == known else None
    return customer


def find_garments(skus: Iterable[str]) -> list[Garment]:
    """Those of the catalogue that can be tried on, of at most `MOST_SKUS`."""
    wanted = [sku for sku in dict.fromkeys(skus) if sku and "\x00" not in sku]
    rows = Garment.objects.catalogue().filter(sku__in=wanted[:MOST_SKUS])
    return list(rows.only("sku", "name", "kind").order_by("sku"))


class ShownButtons:
    """How often buttons were shown, written together every few seconds.

    A product page must not wait for twenty rows, and a figure that is lost with its
    process costs nobody anything.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()  # by origin and SKU

    def add(self, origin: str, skus: Iterable[str]) -> None:
        with self._lock:
            is_first = not self._counts
            self._counts.update((origin, sku) for sku in skus)
            begins = is_first and bool(self._counts)
        if begins:
            timer = threading.Timer(WRITE_EVERY, self._write_from_thread)
            timer.daemon = True
            timer.start()

    def write(self, now: datetime) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
        step = EmbedStep.SHOWN
        for (origin, sku), count in counts.items():
            EmbedCount.add(step, origin=origin, sku=sku, now=now, count=count)

    def _write_from_thread(self) -> None:
        try:
            self.write(timezone.now())
        finally:
            close_old_connections()


shown_buttons = ShownButtons()
