"""The private servers run where the repository lies, whoever may enter there."""

import os

import psutil
import pytest

from tests import servers
from tests.conftest import missing_server

pytestmark = pytest.mark.anywhere


@pytest.mark.parametrize("start", [servers.redis_server, servers.s3])
def test_only_postgres_gives_up_its_rights(start):
    """SeaweedFS lies in the virtual environment: nobody else may be let in there."""
    with missing_server(), start() as (server, _address):
        assert psutil.Process(server.process.pid).uids().effective == os.geteuid()


def test_postgres_and_its_pooler_do_not_run_as_root():
    with (
        missing_server(),
        servers.postgres() as (server, address),
        servers.pgbouncer(address) as (pooler, _pooled),
    ):
        for one in (server, pooler):
            assert psutil.Process(one.process.pid).uids().effective != 0
