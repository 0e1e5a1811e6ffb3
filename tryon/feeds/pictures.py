"""An item's picture comes home: fetched and decoded in threads, two at a time."""

import io
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.utils import translation

from ..models.feeds import FeedItem
from ..pictures import executor, normalise
from . import fetching
from .errors import PictureUnusable, TryLater
from .fetching import Validators

AT_ONCE = 2
MOST_ADDRESSES = 4  # of an item's pictures that are tried
LONGEST_PAUSE = 20  # seconds that a host may ask for; else with the next sync
TOLD_EVERY = 2  # seconds, while it is waited

R = TypeVar("R")
T = TypeVar("T")


@dataclass(frozen=True)
class Fetched:
    """`picture`: None if it is the one that is there."""

    picture: normalise.Picture | None
    validators: Validators


def fetch(item: FeedItem, language: str) -> Fetched:
    """The first of its pictures that can be read. Raises as `_fetch_one`."""
    with translation.override(language):
        known = Validators()
        if item.picture_url == item.image_link:
            known = Validators(item.picture_etag, item.picture_modified)
        try:
            return _fetch_one(item.image_link, known)
        except PictureUnusable as error:
            for url in item.more_images[: MOST_ADDRESSES - 1]:
                try:
                    # Without validators: it is the first one that is asked for again.
                    return Fetched(_fetch_one(url, Validators()).picture, Validators())
                except PictureUnusable:
                    continue
            raise error


def _fetch_one(url: str, known: Validators) -> Fetched:
    """Raises `PictureUnusable`, `TryLater`."""
    while (pause := fetching.pace.find_wait(url)) > 0:
        if pause > LONGEST_PAUSE:
            raise TryLater
        time.sleep(pause)
    answer = fetching.fetch_picture(url, known)
    if answer is None:
        return Fetched(None, known)
    data, validators = answer
    try:
        picture = executor.run(_decode, data, translation.get_language() or "en")
    except normalise.PictureError as error:
        raise PictureUnusable(str(error)) from None
    except normalise.Busy:
        raise TryLater from None
    return Fetched(picture, validators)


def _decode(data: bytes, language: str) -> normalise.Picture:
    """A thread knows nothing of the language of another."""
    with translation.override(language):
        return normalise.read_garment(io.BytesIO(data))


def begin(work: Callable[[], R]) -> "Future[R]":
    """In a thread that holds up no process's end; it must not use the database."""
    future: Future[R] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # for whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=run, name="feed", daemon=True).start()
    return future


def wait_for(future: "Future[R]", alive: Callable[[], None]) -> None:
    """Until it is done; raises only what `alive` does."""
    while not wait([future], TOLD_EVERY).done:
        alive()


def fetch_ahead(
    wanted: Iterable[T],
    ask: Callable[[T], Callable[[], Fetched] | None],
    alive: Callable[[], None],
) -> Iterator[tuple[T, "Future[Fetched] | None"]]:
    """Each with its picture, in their order; `ask` says how to fetch one, or None."""
    source = iter(wanted)
    while some := list(islice(source, AT_ONCE)):
        asked = [(one, ask(one)) for one in some]
        coming = [(one, begin(get) if get else None) for one, get in asked]
        for one, future in coming:
            if future:
                wait_for(future, alive)
            yield one, future
