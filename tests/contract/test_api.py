"""The same assertions for the stand-in and, with a key, for the real API.

``MIRAGIC_CONTRACT_URL`` and ``MIRAGIC_CONTRACT_KEY`` point them at the real one: two
pictures are paid for. Otherwise the sandbox answers.
"""

import os
import time
from collections.abc import Iterator

import pytest

from tests.conftest import image_of
from tryon import miragic
from tryon.demo import FOLDER
from tryon.sandbox.server import Server

URL = os.environ.get("MIRAGIC_CONTRACT_URL")


@pytest.fixture
def api(sandbox: Server) -> Iterator[tuple[miragic.Client, str]]:
    if URL:
        yield miragic.Client(URL), os.environ["MIRAGIC_CONTRACT_KEY"]
    else:
        yield miragic.Client(sandbox.url), "sk_live_" + "c" * 43


def demo(folder: str, name: str) -> bytes:
    return (FOLDER / folder / f"{name}.jpg").read_bytes()


def wait(client: miragic.Client, key: str, remote_id: str) -> miragic.Polled:
    for _ in range(300):
        looked = client.poll(key, remote_id)
        if looked.state != miragic.JobState.RUNNING:
            return looked
        time.sleep(2 if URL else 0.1)
    raise AssertionError("never over")


@pytest.mark.parametrize("bottom", [None, "wide"], ids=["single", "combo"])
def test_a_job_runs_to_its_picture(api, bottom):
    client, key = api
    accepted = client.submit(
        key,
        human=demo("people", "mira"),
        cloth=demo("garments", "blazer"),
        bottom=demo("garments", bottom) if bottom else None,
        garment_type="upper_body",
    )
    assert accepted.remote_id
    assert accepted.created_at is not None
    looked = wait(client, key, accepted.remote_id)
    assert looked.state == miragic.JobState.COMPLETED
    assert looked.seconds is not None and looked.seconds > 0
    picture = image_of(client.download(looked.result_url))
    assert min(picture.size) >= 64


def test_a_wrong_key_is_refused(api):
    client, _key = api
    with pytest.raises(miragic.KeyRefused):
        client.poll("sk_live_" + "wrong", "25331fb2-d0b0-44f6fcc85e3e")


def test_an_unknown_job_is_refused(api):
    client, key = api
    with pytest.raises(miragic.Refused):
        client.poll(key, "25331fb2-d0b0-44f6fcc85e3e")


def test_a_form_without_a_picture_of_clothes_is_refused(api):
    client, key = api
    with pytest.raises(miragic.Refused):
        client.submit(key, human=b"", cloth=b"", garment_type="upper_body")
