"""A program sets up where it is told."""

import pytest
from django.utils import timezone

from tests.tryon.api.test_idempotency import KEY
from tryon.models import IdempotentRequest, WebhookEndpoint
from tryon.services import webhooks

HOOK = {"url": "https://shop.example.org/hook", "events": ["try_on.completed"]}


@pytest.mark.parametrize(
    "wrong", [{"events": []}, {"events": ["try_on"]}, {"url": ""}, {"secret": "x"}]
)
def test_what_is_no_change(program, wrong):
    webhooks.create_endpoint(**HOOK, now=timezone.now())
    endpoint = WebhookEndpoint.objects.get()
    kwargs = {"content_type": "application/json"}
    told = program.patch(f"/webhooks/{endpoint.pk}", wrong, **kwargs)
    assert told.status_code == 422
    assert WebhookEndpoint.objects.get().events == HOOK["events"]


def test_the_answer_that_is_kept_shows_no_secret_in_the_database(program):
    secret = program.send("/webhooks", HOOK, headers=KEY).json()["secret"]
    row = IdempotentRequest.objects.extra(select={"stored": "body"}).get()
    assert secret in row.body and secret not in row.stored
