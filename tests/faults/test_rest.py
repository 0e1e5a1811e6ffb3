"""The REST API's promise: one outfit is paid for once, whatever happens meanwhile."""

import json

import pytest

from tests.faults import rest


@pytest.mark.timeout(300)
def test_eight_clients_while_web_and_worker_are_killed(tmp_path):
    told = rest.run(tmp_path, 12)
    assert rest.is_right(told), json.dumps(told)
