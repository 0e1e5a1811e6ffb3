"""Celery tasks: load, call, done. A lost message loses nothing but a moment.

Arguments are a row's key and its claim token; a task whose token is no longer the
row's does nothing.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from celery import Task, current_app, shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.apps import apps
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from . import emails, feeds, services
from .accounts import second_step
from .models import CatalogueImport, Export, Feed, Garment, Photo, Result
from .pictures import storage
from .pipeline import planner, runner
from .pipeline.clock import Clock
from .pipeline.timing import timing
from .presentation import webhook_bodies
from .services import catalogue_imports, exports, file_deletion, webhooks
from .webhooks.courier import Courier

logger = logging.getLogger(__name__)


def wake_up() -> None:
    """A courtesy to the dispatcher; lost, it costs one tick of beat."""
    _send(dispatch, expires=2)


def ask_for_renditions(row: Photo | Garment | Result) -> None:
    """If it has none; a courtesy too: `tend_renditions` finds what nobody made."""
    if row.renditions_at is None:
        _send(render, str(row._meta.model_name), str(row.pk))


def ask_for_export(export: Export) -> None:
    _send(make_export, str(export.pk))


def ask_for_import(row: CatalogueImport) -> None:
    _send(work_import, str(row.pk))


def ask_for_feed(feed: Feed) -> None:
    _send(work_feed, str(feed.pk))


def _send(task: "Task[..., None]", *args: str, **options: Any) -> None:
    try:
        task.apply_async(args, retry=False, **options)
    except (BrokerDown, OSError):
        logger.warning("the broker is away; %s waits for the next tick", task.name)


def broker_answers() -> bool:
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except (BrokerDown, OSError):
        return False
    return True


class Coalesced:
    """Work that is asked for more often than it needs to be done.

    Of many threads that ask at once one works, and once more for all who asked
    meanwhile; the others go on at once.
    """

    def __init__(self, work: Callable[..., None]):
        self._work = work
        self._busy = threading.Lock()
        self._requested = threading.Event()

    def ask(self, *args: str) -> None:
        """`args` are for the work, if it is this thread that does it."""
        self._requested.set()
        while self._requested.is_set() and self._busy.acquire(blocking=False):
            try:
                self._requested.clear()
                self._work(*args)
            finally:
                self._busy.release()


@shared_task
def dispatch() -> None:
    """Plan the coming second and send its requests to the workers."""
    planning.ask()


def plan() -> None:
    for order in planner.tick(_clock):
        later: dict[str, Any] = {"countdown": order.delay} if order.delay else {}
        TASK_OF[order.task].apply_async(
            (str(order.row), str(order.token)),
            expires=order.delay + timing().void_after,
            **later,
        )
    _courier.ask()  # last: nothing of it may hold up a request


_clock = Clock()
_courier = Courier(webhook_bodies.build_body)
# Queueing for the planner's row would take the threads that submit and poll.
planning = Coalesced(plan)


@shared_task
def submit(request_id: str, token: str) -> None:
    runner.submit(int(request_id), token)


@shared_task
def poll(request_id: str, token: str) -> None:
    # A worker's own wake-up: this job is over, or free for its next poll. What a submit
    # or a picture changes can wait for beat: the slot is taken for a minute more, and
    # nobody polls at once what has just been sent.
    if runner.poll(int(request_id), token):
        planning.ask()


@shared_task
def fetch(try_on_id: str, claim: str) -> None:
    result = runner.fetch(try_on_id, claim)
    if result is not None:
        rendering.ask("result", str(result.pk))


# Which task carries out the planner's orders of each kind.
TASK_OF: "dict[str, Task[..., None]]" = {"submit": submit, "poll": poll, "fetch": fetch}

_shutting_down = threading.Event()


@worker_shutting_down.connect
def end_rendering(**_signal: object) -> None:
    """What still waits for its renditions is for the next worker."""
    _shutting_down.set()


@worker_shutting_down.connect
def end_deliveries(**_signal: object) -> None:
    _courier.end()


@shared_task
def render(model: str, pk: str) -> None:
    rendering.ask(model, pk)


def render_waiting(model: str, pk: str) -> None:
    """One picture's renditions, then whatever else waits for them, one at a time.

    `tend_renditions` finds what a killed worker has left.
    """
    waiting: Any = apps.get_model("tryon", model).objects.filter(renditions_at=None)
    row = waiting.filter(pk=pk).first() if pk else None
    row = row or services.next_without_renditions(timezone.now())
    while row is not None and not _shutting_down.is_set():
        if not services.try_renditions(row=row, now=timezone.now()):
            return
        row = services.next_without_renditions(timezone.now())


# Pictures can wait, the threads and the core that submit and poll cannot.
rendering = Coalesced(render_waiting)


@worker_ready.connect
def seal_secrets(**_signal: Any) -> None:
    """In a thread that needs the database for nothing else."""
    second_step.seal_all()
    webhooks.seal_secrets()
    connection.close()


@shared_task
def make_export(pk: str) -> None:
    exports.make(pk=pk, now=timezone.now())


@shared_task
def work_import(pk: str) -> None:
    for garment in catalogue_imports.continue_import(pk=pk, now=timezone.now()):
        ask_for_renditions(garment)


@shared_task
def work_feed(pk: str) -> None:
    """A slice of its sync, which asks for the next one."""
    now = timezone.now()
    try:
        done = feeds.continue_sync(pk=pk, now=now, stop=_shutting_down.is_set)
    except storage.Away:
        logger.warning("storage is away; feed %s goes on in a minute", pk)
        return
    if done is None:
        return
    if done.made:
        ask_for_renditions(done.made)  # and whatever else waits for them
    if done.more:
        _send(work_feed, pk)


# Each minute what a killed worker left half done, and what is due to go: one task for
# each job, so that one which fails stops no other.


@shared_task
def tend_renditions() -> None:
    rendering.ask("photo", "")


@shared_task
def tend_exports() -> None:
    for export in exports.find_waiting(now=timezone.now()):
        ask_for_export(export)


@shared_task
def tend_imports() -> None:
    for row in catalogue_imports.find_waiting(now=timezone.now()):
        ask_for_import(row)


@shared_task
def sync_feeds() -> None:
    for feed in feeds.begin_due(now=timezone.now()):
        ask_for_feed(feed)


@shared_task
def erase_files() -> None:
    file_deletion.finish()


@shared_task
def delete_expired_guests() -> None:
    services.delete_expired_guests(now=timezone.now())


@shared_task
def delete_old_pictures() -> None:
    services.delete_old_pictures(now=timezone.now())


@shared_task
def delete_tombstones() -> None:
    services.delete_tombstones(now=timezone.now())


@shared_task
def delete_expired() -> None:
    services.delete_expired(now=timezone.now())


@shared_task
def purge_imports() -> None:
    catalogue_imports.purge(now=timezone.now())


@shared_task
def clear_sessions() -> None:
    services.clear_sessions(now=timezone.now())


@shared_task
def prune_requests() -> None:
    services.prune_requests(now=timezone.now())


@shared_task
def clear_api_records() -> None:
    services.clear_api_records(now=timezone.now())


@shared_task
def make_searchable() -> None:
    services.make_searchable()


@shared_task
def tell_of_late_pictures() -> None:
    emails.tell_of_late_pictures(timezone.now())


@shared_task
def tell_of_stopped_keys() -> None:
    emails.tell_of_stopped_keys(timezone.now())


@shared_task
def tell_of_stopped_webhooks() -> None:
    emails.tell_of_stopped_webhooks(timezone.now())
