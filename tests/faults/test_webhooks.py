"""Each outcome is told at least once, in order, whatever becomes of both sides."""

import json

import pytest

from tests.faults import webhooks


@pytest.mark.timeout(300)
def test_a_receiver_that_is_ill_and_a_worker_that_is_killed(tmp_path):
    told = webhooks.torment(tmp_path, 60, down=5, well_after=12)
    assert webhooks.is_right(told), json.dumps(told)
