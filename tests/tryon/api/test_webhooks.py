"""A program sets up where it is told."""

from tests.tryon.api.test_idempotency import KEY
from tryon.models import IdempotentRequest

HOOK = {"url": "https://shop.example.org/hook", "events": ["try_on.completed"]}


def test_the_answer_that_is_kept_shows_no_secret_in_the_database(program):
    secret = program.send("/webhooks", HOOK, headers=KEY).json()["secret"]
    row = IdempotentRequest.objects.extra(select={"stored": "body"}).get()
    assert secret in row.body and secret not in row.stored
