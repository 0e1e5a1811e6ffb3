"""A reviewer's decision with 100 and with 100,000 results pending.

``python -m tests.bench.review``: server time and queries of one decision and the page
that follows.
"""

import re
import statistics
import sys
import time

from tests.bench import gallery  # sets Django up, on a folder of its own

# ruff: isort: split
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tryon.models import Result, User

PAGE = "/admin/tryon/result/review/"
ROUNDS = 20
MOST = 1.3  # times as long with 100,000 pending; queries as many


def decide(client: Client) -> tuple[float, int]:
    """Median milliseconds and queries of an approval and the next result's page."""
    times, queries = [], 0
    for _ in range(ROUNDS):
        found = re.search(
            r'name="result" value="(\d+)"', client.get(PAGE).content.decode()
        )
        assert found is not None
        started = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            client.post(PAGE, {"action": "approve", "result": found[1]}, follow=True)
        times.append((time.perf_counter() - started) * 1000)
        queries = len(captured)
    return statistics.median(times), queries


def main() -> int:
    settings.ALLOWED_HOSTS, settings.DEBUG = ["*"], False
    settings.TRYON_REVIEW = "all"
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
    owner = User.objects.create_user("many@example.org")
    client = Client()
    client.force_login(User.objects.create_superuser("staff@example.org"))
    print("| pending | ms a decision | queries |")
    print("|---|---|---|")
    told = []
    for count in (100, 100_000):
        gallery.fill(owner, factories.photo(owner), count - Result.objects.count())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        ms, queries = decide(client)
        told.append((ms, queries))
        print(f"| {count:,} | {ms:.1f} | {queries} |", flush=True)
    (few, few_queries), (many, many_queries) = told
    return int(many > few * MOST or many_queries != few_queries)


if __name__ == "__main__":
    sys.exit(main())
