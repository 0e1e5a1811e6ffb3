"""The embedded broker on real files, at kombu's level."""

import threading
import uuid
from pathlib import Path

import pytest
from kombu import Connection

from vto_site import broker

pytestmark = pytest.mark.anywhere


@pytest.fixture
def connection(tmp_path: Path):
    broker.install()
    for name in ("messages", "taken", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "processed_folder": str(tmp_path / "taken"),
        "control_folder": str(tmp_path / "control"),
        "polling_interval": 0.01,
    }
    with Connection("filesystem://localhost/", transport_options=options) as opened:
        yield opened


@pytest.fixture
def name() -> str:
    """kombu remembers in the process which queues are bound, whatever the folder."""
    return f"q{uuid.uuid4().hex}"


def test_what_goes_in_comes_out_in_order(connection, name):
    queue = connection.SimpleQueue(name)
    for number in range(5):
        queue.put({"n": number})
    got = []
    for _ in range(5):
        message = queue.get(timeout=2)
        got.append(message.payload["n"])
        message.ack()
    assert got == [0, 1, 2, 3, 4]
    queue.close()


def test_only_one_wake_up_waits(connection, name, tmp_path):
    queue = connection.SimpleQueue(name)
    for _ in range(600):
        queue.put({}, headers={"task": broker.WAKE_UP_TASK})
    queue.put({"n": 1})
    assert len(list((tmp_path / "messages").iterdir())) == 2
    queue.close()


def test_an_unreadable_message_is_set_aside(connection, name, tmp_path):
    queue = connection.SimpleQueue(name)
    (tmp_path / "messages" / f"!broken.{name}.msg").write_text("")
    queue.put({"n": 1})
    message = queue.get(timeout=2)
    assert message.payload == {"n": 1}
    message.ack()
    assert [path.suffix for path in (tmp_path / "taken").iterdir()] == [".bad"]
    queue.close()


def test_two_consumers_lose_and_double_nothing(connection, name, tmp_path):
    """The stock transport loses messages here: a reader meets half a file."""
    total = 400
    got: list[int] = []
    queue = connection.SimpleQueue(name)

    def consume() -> None:
        with connection.clone() as own:
            queue = own.SimpleQueue(name)
            while True:
                try:
                    message = queue.get(timeout=1)
                except queue.Empty:
                    return
                message.ack()
                got.append(message.payload["n"])

    consumers = [threading.Thread(target=consume) for _ in range(2)]
    for consumer in consumers:
        consumer.start()
    for number in range(total):
        queue.put({"n": number})
    for consumer in consumers:
        consumer.join()
    assert sorted(got) == list(range(total))
    queue.close()
