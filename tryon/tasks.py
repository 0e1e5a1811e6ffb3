"""Celery tasks: load, call, done. A lost message loses nothing but a moment.

Arguments are a row's key and its claim token; a task whose token is no longer the
row's does nothing.
"""

import logging
import threading
from typing import Any

from celery import current_app, shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.apps import apps
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from . import emails, services
from .accounts import second_step
from .models import CatalogueImport, Export, Garment, Photo, Result
from .pipeline import budget, planner, runner
from .pipeline.timing import timing
from .services import catalogue_imports, exports, file_deletion

logger = logging.getLogger(__name__)


def wake_up() -> None:
    """A courtesy to the dispatcher; lost, it costs one tick of beat."""
    _send("dispatch", expires=2)


def ask_for_renditions(row: Photo | Garment | Result) -> None:
    """A courtesy too: `tend_renditions` makes those that nobody made."""
    _send("render", row._meta.model_name, str(row.pk))


def ask_for_export(export: Export) -> None:
    _send("make_export", str(export.pk))


def ask_for_import(row: CatalogueImport) -> None:
    _send("work_import", str(row.pk))


def _send(name: str, *args: Any, **options: Any) -> None:
    try:
        globals()[name].apply_async(args, retry=False, **options)
    except (BrokerDown, OSError):
        logger.warning("the broker is away; %s waits for the next tick", name)


def broker_answers() -> bool:
    try:
        with current_app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except (BrokerDown, OSError):
        return False
    return True


_planning = threading.Lock()
_plan_again = threading.Event()


@shared_task
def dispatch() -> None:
    """Plan the coming second and send its requests to the workers."""
    plan_again()


def plan_again() -> None:
    """A worker's own wake-up after a poll: its job is over, or free for the next poll.

    What a submit or a picture changes can wait for beat: the slot is taken for a minute
    more, and nobody polls at once what has just been sent.

    Of many at once one thread plans, and plans again afterwards for all the others:
    queueing for the planner's row would take the threads that submit and poll.
    """
    _plan_again.set()
    while _plan_again.is_set() and _planning.acquire(blocking=False):
        try:
            _plan_again.clear()
            plan()
        finally:
            _planning.release()


def plan() -> None:
    for order in planner.tick(budget.database_now):
        globals()[order.task].apply_async(
            (str(order.row), str(order.token)),
            countdown=order.delay or None,
            expires=order.delay + timing().void_after,
        )


@shared_task
def submit(request_id: str, token: str) -> None:
    runner.submit(int(request_id), token)


@shared_task
def poll(request_id: str, token: str) -> None:
    if runner.poll(int(request_id), token):
        plan_again()


@shared_task
def fetch(try_on_id: str, claim: str) -> None:
    result = runner.fetch(try_on_id, claim)
    if result is not None:
        render_waiting("result", str(result.pk))


_rendering = threading.Lock()
_render_again = threading.Event()
_shutting_down = threading.Event()


@worker_shutting_down.connect
def end_rendering(**_signal: Any) -> None:
    """What still waits for its renditions is for the next worker."""
    _shutting_down.set()


@shared_task
def render(model: str, pk: str) -> None:
    render_waiting(model, pk)


def render_waiting(model: str, pk: str) -> None:
    """One picture's renditions, then whatever else waits for them, one at a time.

    Of many at once one works: pictures can wait, the threads and the core that submit
    and poll cannot. `tend_renditions` finds what a killed one has left.
    """
    _render_again.set()
    while _render_again.is_set() and _rendering.acquire(blocking=False):
        try:
            _render_again.clear()
            _render_all(model, pk)
        finally:
            _rendering.release()


def _render_all(model: str, pk: str) -> None:
    asked: Any = apps.get_model("tryon", model).objects.filter(renditions_at=None)
    row = asked.filter(pk=pk).first() if pk else None
    row = row or services.next_without_renditions(timezone.now())
    while row is not None and not _shutting_down.is_set():
        if not services.try_renditions(row=row, now=timezone.now()):
            return
        row = services.next_without_renditions(timezone.now())


@worker_ready.connect
def seal_second_steps(**_signal: Any) -> None:
    """In a thread that needs the database for nothing else."""
    second_step.seal_all()
    connection.close()


@shared_task
def make_export(pk: str) -> None:
    exports.make(pk=pk, now=timezone.now())


@shared_task
def work_import(pk: str) -> None:
    for garment in catalogue_imports.work(pk=pk, now=timezone.now()):
        ask_for_renditions(garment)


# Each minute what a killed worker left half done, and what is due to go: one task for
# each job, so that one which fails stops no other.


@shared_task
def tend_renditions() -> None:
    render_waiting("photo", "")


@shared_task
def tend_exports() -> None:
    for export in exports.waiting(now=timezone.now()):
        ask_for_export(export)


@shared_task
def tend_imports() -> None:
    for row in catalogue_imports.waiting(now=timezone.now()):
        ask_for_import(row)


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
def make_searchable() -> None:
    services.make_searchable()


@shared_task
def tell_of_late_pictures() -> None:
    emails.tell_of_late_pictures(timezone.now())


@shared_task
def tell_of_stopped_keys() -> None:
    emails.tell_of_stopped_keys(timezone.now())
