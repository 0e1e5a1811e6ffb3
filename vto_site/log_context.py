"""Which request and which try-on a log line is about, through web and worker.

A web request's id travels with the tasks it sends. It ends at `dispatch`, which works
for everybody: from there on the try-on's id leads through the log.
"""

import logging
import re
import uuid
from contextvars import ContextVar

from celery import Task
from celery.signals import before_task_publish, task_postrun, task_prerun

from .schedule import DISPATCH

request_id: ContextVar[str] = ContextVar("request_id", default="")
task_name: ContextVar[str] = ContextVar("task_name", default="")
try_on_id: ContextVar[str] = ContextVar("try_on_id", default="")

HEADER = "x_request_id"  # of a Celery message
SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")


class AddContext(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        record.task = task_name.get()
        record.try_on = try_on_id.get()
        return True


def begin(proxys_id: str = "") -> str:
    """The id of a request that begins: the proxy's, if it is sane, or a new one."""
    identity = proxys_id if SANE.fullmatch(proxys_id) else uuid.uuid4().hex
    request_id.set(identity)
    return identity


@before_task_publish.connect
def take_along(
    sender: str = "", headers: dict[str, object] | None = None, **kwargs: object
) -> None:
    if headers is not None and sender != DISPATCH and request_id.get():
        headers[HEADER] = request_id.get()


@task_prerun.connect
def task_begins(task: "Task[..., object]", **kwargs: object) -> None:
    request_id.set(str(task.request.get(HEADER) or ""))
    task_name.set(task.name.rpartition(".")[2])
    try_on_id.set("")


@task_postrun.connect
def task_ends(**kwargs: object) -> None:
    for variable in (request_id, task_name, try_on_id):
        variable.set("")
