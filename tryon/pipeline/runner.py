"""One request to the API from reservation to stored answer; run by the workers."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import (
    Error,
    InterfaceError,
    InternalError,
    OperationalError,
    close_old_connections,
    connection,
)

from vto_site import log_context

from .. import miragic, services
from ..models import Result, Status, TryOn
from ..models.ledger import ApiRequest
from ..pictures import normalise, storage
from ..pictures.comparison import Changes
from . import budget, fetching, outcomes
from .timing import timing

logger = logging.getLogger(__name__)

MOST_OF_OUR_OWN = 60  # seconds to wait for a decoder, read and store; then it hangs
# Of a database that is away, starts or ends, is read-only after a failover, or has
# ended the transaction for another's sake. The others are mistakes, and stay.
PASSING = (OperationalError, InterfaceError, InternalError)
PICTURES = ("try_on__photo", "try_on__garment", "try_on__bottom_garment")


def client() -> miragic.Client:
    t = timing()
    deadlines = miragic.Deadlines(
        submit=t.submit_deadline, poll=t.poll_deadline, download=t.download_deadline
    )
    return miragic.Client(settings.MIRAGIC_BASE_URL, deadlines)


def insist(store: Callable[[], None], seconds: float = 60) -> None:
    """Store an answer that is in hand, for a while also against a database away.

    An accepted submit is money: losing its answer would make it unconfirmed.
    """
    ends = time.monotonic() + seconds
    while True:
        try:
            return store()
        except PASSING as error:
            if time.monotonic() >= ends:
                raise
            logger.warning("the database is away, an answer waits: %s", error)
            time.sleep(0.5)
            close_old_connections()


def submit(request_id: int, token: str) -> bool:
    """Send a reserved submit. False if its reservation is void."""
    reserved = _reserved(request_id, token, *PICTURES)
    if reserved is None:
        return False
    request, try_on = reserved
    try:
        pictures = _pictures(try_on)
    except FileNotFoundError as error:
        outcomes.pictures_unreadable(request, str(error), budget.database_now())
        return False
    except storage.Away:
        logger.warning("storage is away; the job goes back in line")
        return False  # its reservation is soon void
    secret = budget.secrets()[request.key.fingerprint]
    if not budget.send(request, budget.database_now()):
        return False
    try:
        answer = client().submit(secret, garment_type=try_on.garment_kind, **pictures)
    except miragic.MiragicError as error:
        store = partial(outcomes.submit_failed, request, error)
    else:
        store = partial(outcomes.submitted, request, answer)
    insist(lambda: store(budget.database_now()))
    return True


def poll(request_id: int, token: str) -> bool:
    """Send a reserved poll. False if its reservation is void."""
    reserved = _reserved(request_id, token)
    if reserved is None:
        return False
    request, try_on = reserved
    secret = budget.secrets()[request.key.fingerprint]
    if not budget.send(request, budget.database_now()):
        return False
    try:
        answer = client().poll(secret, try_on.remote_id)
    except miragic.MiragicError as error:
        store = partial(outcomes.poll_failed, request, error)
    else:
        store = partial(outcomes.polled, request, answer)
    insist(lambda: store(budget.database_now()))
    return True


def fetch(try_on_id: str, claim: str) -> Result | None:
    """Bring a finished picture home. None if it did not work out this time."""
    rows = TryOn.objects.select_related("photo").filter(status=Status.FETCHING)
    mine = rows.filter(pk=try_on_id, claim=uuid.UUID(claim), deleted_at=None)
    try_on = mine.first()
    if try_on is None:
        return None
    log_context.try_on_id.set(try_on_id)
    if not try_on.begin_attempt(_lease_end()):
        return None
    addresses = fetching.addresses(try_on, settings.MIRAGIC_BASE_URL)
    try:
        with _lease_kept(try_on, len(addresses)):
            picture = _bring_home(addresses)
            changes = _compare(try_on, picture)
            return fetching.fetched(try_on, picture, budget.database_now(), changes)
    except miragic.ResultOutOfReach as error:
        logger.warning("a result is out of reach")
        fetching.out_of_reach(try_on, error.detail, budget.database_now())
    except miragic.ResultUnavailable as error:
        now = budget.database_now()
        fetching.address_failed(try_on, error.detail, now, final=error.final)
    except (normalise.Busy, storage.Away) as error:
        logger.warning("%s; the picture is fetched again", type(error).__name__)
        fetching.keep_fetching(try_on, budget.database_now())
    return None


def _bring_home(addresses: list[str]) -> normalise.Picture:
    """The picture at the first of them that has one, or the failure with most hope."""
    first, *further = addresses
    try:
        return _download(first)
    except miragic.ResultUnavailable as error:
        if not further:
            raise
        try:
            return _bring_home(further)
        except miragic.ResultUnavailable as other:
            raise max(error, other, key=lambda failure: failure.hope) from None


def _download(address: str) -> normalise.Picture:
    data = client().download(address)
    try:
        return normalise.read_result(data)
    except normalise.PictureError as error:
        raise miragic.ResultUnavailable(f"not a picture: {error}") from None


def _compare(try_on: TryOn, picture: normalise.Picture) -> Changes | None:
    """Where the shop wants odd ones held, none may be seen before it was compared."""
    if settings.TRYON_REVIEW != "flagged":
        return None  # with the renditions, when there is time
    try:
        return services.find_changes(try_on=try_on, data=picture.data)
    except FileNotFoundError:  # the photo was deleted meanwhile
        return None


def _lease_end() -> datetime:
    return budget.database_now() + timedelta(seconds=timing().fetch_lease)


@contextmanager
def _lease_kept(try_on: TryOn, downloads: int) -> Iterator[None]:
    """Short, so that a killed worker is soon missed; renewed while the work goes on."""
    done = threading.Event()
    longest = downloads * timing().download_deadline + MOST_OF_OUR_OWN
    keeper = threading.Thread(target=_renew, args=(try_on, done, longest), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()


def _renew(try_on: TryOn, done: threading.Event, longest: float) -> None:
    ends = time.monotonic() + longest
    while not done.wait(timing().fetch_lease / 4) and time.monotonic() < ends:
        try:
            if not try_on.renew_lease(_lease_end()):
                break
        except Error:
            logger.warning("the database is away, a lease may run out")
            close_old_connections()
    connection.close()


def _reserved(
    request_id: int, token: str, *related: str
) -> tuple[ApiRequest, TryOn] | None:
    """The reservation, if it still stands and its key is still in the settings."""
    request = (
        ApiRequest.objects.unsent()
        .filter(pk=request_id, token=uuid.UUID(token), try_on__deleted_at=None)
        .select_related("key", "try_on", *related)
        .first()
    )
    if request is None or request.try_on is None:
        return None
    log_context.try_on_id.set(str(request.try_on.pk))
    if request.key.fingerprint not in budget.secrets():
        return None  # the sweep voids it
    return request, request.try_on


def _pictures(try_on: TryOn) -> dict[str, bytes]:
    """The bytes to send. Raises `FileNotFoundError` if one is gone."""
    pictures = {
        "human": try_on.photo,
        "cloth": try_on.garment,
        "bottom": try_on.bottom_garment,
    }
    return {name: storage.read(row.file_name) for name, row in pictures.items() if row}
