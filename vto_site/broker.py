"""The embedded broker: kombu's filesystem transport, made safe to die in.

The stock transport writes a message under its final name, so a reader can meet
half of it, and one unreadable file ends the worker. Here a message appears at
once by rename, and an unreadable one is set aside as ``.bad``. Lost messages do
not matter: the database is the queue of record.
"""

import hashlib
import json
import logging
import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import TypedDict

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.transport.filesystem import exchange_queue_t

from . import private
from .schedule import DISPATCH

logger = logging.getLogger(__name__)

# A wake-up says nothing but "look at the database", so one waiting is enough:
# hours of ticks without a worker must not stand before the next new job.
WAKE_UP_TASK = DISPATCH


class Message(TypedDict, total=False):
    """What is looked at of one; kombu's own otherwise."""

    headers: dict[str, object]


class Channel(filesystem.Channel):
    # One file a binding, appearing at once: the stock table is rewritten in place, and
    # processes that start together read half of it.

    def _queue_bind(
        self, exchange: object, routing_key: object, pattern: object, queue: object
    ) -> None:
        binding = json.dumps([routing_key or "", pattern or "", queue or ""])
        digest = hashlib.sha256(binding.encode()).hexdigest()[:16]
        self._appear(self.control_folder / f"{exchange}~{digest}.binding", binding)

    def get_table(self, exchange: str) -> list[exchange_queue_t]:  # type: ignore[override]
        files = self.control_folder.glob(f"{exchange}~*.binding")
        return [exchange_queue_t(*json.loads(file.read_bytes())) for file in files]

    @staticmethod
    def _appear(path: Path, text: str) -> None:
        unfinished = path.with_name(f"{uuid.uuid4().hex}.tmp")
        private.write(unfinished, text)
        unfinished.replace(path)

    def _put(self, queue: str, message: Message, **kwargs: object) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        if message.get("headers", {}).get("task") == WAKE_UP_TASK:
            name = f"{0:020}_wake-up"
        else:
            name = f"{time_ns():020}_{uuid.uuid4().hex}"
        self._appear(folder / f"{name}.{queue}.msg", json.dumps(message))

    def _get(self, queue: str, timeout: float | None = None) -> Message:  # type: ignore[override]
        suffix = f".{queue}.msg"
        taken_folder = Path(self.processed_folder)
        for waiting in sorted(Path(self.data_folder_in).glob(f"*{suffix}")):
            taken = taken_folder / f"{uuid.uuid4().hex}-{waiting.name}"
            try:
                waiting.rename(taken)
            except FileNotFoundError:  # another worker was faster
                continue
            try:
                payload: Message = json.loads(taken.read_bytes())
            except ValueError:
                logger.error("Unreadable message set aside: %s.bad", taken.name)
                taken.rename(taken.with_suffix(".bad"))
                continue
            taken.unlink()
            return payload
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Make ``filesystem://`` mean this transport."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
