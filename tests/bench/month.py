"""Thirty days of a shop with 300 jobs a day, on a moved clock.

``python -m tests.bench.month [jobs a day] [days]``: about a quarter of an hour. What
was wrong is printed, and then it ends with 1.
"""

import os
import sys
import tempfile

os.environ.update(
    ENV_FILE="",
    DEBUG="1",
    DATA_DIR=tempfile.mkdtemp(prefix="bench-"),
    EMAIL_URL="memory://",
    TRYON_RETENTION_DAYS="7",
    LOG_LEVEL="CRITICAL",
    DJANGO_SETTINGS_MODULE="vto_site.settings",
)

import django

django.setup()

import time_machine
from celery import current_app
from django.conf import settings
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from tests import month
from tryon.pipeline import budget
from tryon.sandbox.jobs import Options
from tryon.sandbox.server import serve_in_thread


def main() -> int:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    days = int(sys.argv[2]) if len(sys.argv) > 2 else 30
    settings.ALLOWED_HOSTS, settings.DEBUG = ["*"], False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    conf = current_app.conf
    conf.task_always_eager = conf.task_eager_propagates = True
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    mail.outbox = []  # type: ignore[attr-defined]
    server = serve_in_thread(Options(speed=1, seed=1, fail_share=0.05, plain=True))
    settings.MIRAGIC_BASE_URL = server.url
    budget.database_now = timezone.now  # a server's own clock is not moved
    with time_machine.travel(month.BEGINS, tick=False) as clock:
        wrong = month.live(month.Month(server, clock, jobs), days)
    for sentence in wrong:
        print(sentence)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
