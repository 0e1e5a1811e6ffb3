"""Database connections around tasks: kept as around requests, and no longer."""

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_postrun, task_prerun
from django.db import connection

from vto_site.celery import app

pytestmark = pytest.mark.django_db(transaction=True)


def test_celery_leaves_them_open():
    connection.ensure_connection()
    kept = connection.connection
    DjangoWorkerFixup(app).close_database()
    assert connection.connection is kept


@pytest.mark.parametrize("signal", [task_prerun, task_postrun])
def test_one_that_is_too_old_goes(signal):
    connection.ensure_connection()
    signal.send(sender=None)
    assert connection.connection is not None
    connection.close_at = 0
    signal.send(sender=None)
    assert connection.connection is None
