"""Events reach the shop's programs: signed, in order, and as often as it takes."""

import contextlib
import socket
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from tests import factories
from tests.live import until
from tests.receiver import listening
from tryon import emails, services
from tryon.models import (
    EventType,
    Status,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from tryon.models.result import Decision
from tryon.presentation.webhook_bodies import build_body
from tryon.services import review, webhooks
from tryon.webhooks import courier as courier_module
from tryon.webhooks import delivering
from tryon.webhooks.courier import Courier

# Whoever makes a try-on here makes a garment too.
MOST = [type for type in EventType.values if type != EventType.GARMENT_CHANGED]


@pytest.fixture
def receiver(settings, db):
    settings.DEBUG = True  # http to loopback
    with listening() as receiver:
        endpoint = webhooks.create_endpoint(
            url=receiver.url, events=MOST, now=timezone.now()
        )
        receiver.secret, receiver.endpoint = endpoint.secret, endpoint
        yield receiver


def deliver(endpoint: WebhookEndpoint, later: float = 0) -> int:
    """All that is due in `later` seconds, one attempt each: how many there were."""
    count, now = 0, timezone.now() + timedelta(seconds=later)
    while (delivery := delivering.claim_next(endpoint.pk, now)) is not None:
        delivering.attempt(delivery, build_body)
        count += 1
        assert count < 50
    return count


def attempt_later(endpoint: WebhookEndpoint) -> None:
    later = timezone.now() + timedelta(days=30)
    delivery = delivering.claim_next(endpoint.pk, later)
    assert delivery is not None
    delivering.attempt(delivery, build_body)


def finish(status: str = Status.CANCELED, **fields):
    try_on = factories.try_on(factories.customer(), **fields)
    try_on.move(status, now=timezone.now())
    return try_on


def test_what_happened_is_told_signed_and_once(receiver):
    try_on = finish()
    assert deliver(receiver.endpoint) == 1 and deliver(receiver.endpoint) == 0
    (came,) = receiver.came
    assert came.type == "try_on.canceled" and not receiver.wrong
    assert came.data["id"] == str(try_on.pk) and came.data["status"] == "canceled"
    assert came.data["customer"] == "c-1" and came.data["charged"] is False
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status) == ("delivered", 204)
    assert came.id == str(delivery.pk)


def test_nothing_is_told_of_what_was_rolled_back_nor_of_others(receiver, alice):
    try_on = factories.try_on(factories.customer())
    with transaction.atomic():
        try_on.move(Status.CANCELED, now=timezone.now())
        transaction.set_rollback(True)
    factories.try_on(alice).move(Status.CANCELED, now=timezone.now())
    assert not WebhookEvent.objects.exists()


def test_each_kind_of_event(receiver, staff):
    owner, now = factories.customer(), timezone.now()
    lost = factories.try_on(owner, Status.SUBMITTING)
    lost.move(Status.UNCONFIRMED, now=now)
    failing = factories.try_on(owner, Status.PROCESSING)
    failing.move(Status.FAILED, now=now, failure_code="not_made")
    made = factories.try_on(owner, Status.COMPLETED)
    for decision in (Decision.HIDE, Decision.UNDO):
        review.decide(result=made.result, decision=decision, by=staff, now=now)
    webhooks.change_endpoint(
        endpoint=receiver.endpoint, events=EventType.values, now=now
    )
    services.retire_garment(garment=made.garment, now=now)
    webhooks.send_test(endpoint=receiver.endpoint, now=now)
    services.delete_owner(owner=owner, now=now)
    deliver(receiver.endpoint)
    types = {delivery.type: delivery.data for delivery in receiver.came}
    assert set(types) >= set(EventType.values) - {"try_on.completed", "try_on.canceled"}
    assert types["customer.deleted"] == {"id": "c-1"}
    assert types["garment.changed"]["retired"] is True
    # It was deleted before it was told of: what the event knows is left.
    assert types["try_on.failed"]["status"] == "failed"
    assert types["try_on.failed"]["photo"] is None
    assert types["result.hidden"]["customer"] == "c-1"


def test_an_object_is_told_in_order_though_the_first_fails(receiver):
    try_on = factories.try_on(factories.customer(), Status.SUBMITTING)
    try_on.move(Status.UNCONFIRMED, now=timezone.now())
    try_on.move(Status.CANCELED, now=timezone.now())
    finish()
    receiver.answer = lambda n: 500 if n == 1 else 204
    assert deliver(receiver.endpoint) == 2  # the first of each object
    first = WebhookDelivery.objects.get(status=500)
    assert first.attempts == 1 and first.answer == "thank you"
    assert timedelta(seconds=4) < first.next_at - timezone.now() < timedelta(seconds=6)
    assert deliver(receiver.endpoint, later=7) == 2
    told = [d.type for d in receiver.came if d.data["id"] == str(try_on.pk)]
    assert told == ["try_on.unconfirmed", "try_on.canceled"]


@pytest.mark.parametrize("status", [199 + 101, 302, 404, 500])
def test_only_2xx_is_success_and_no_redirect_is_followed(receiver, status):
    finish()
    receiver.answer = lambda n: status
    assert deliver(receiver.endpoint) == 1
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status) == ("pending", status)
    assert receiver.tried == 1
    assert WebhookEndpoint.objects.get().failing_since is not None


def test_it_is_given_up_after_the_last_wait(receiver):
    finish()
    receiver.answer = lambda n: 500
    delivery = WebhookDelivery.objects.get()
    for n, wait in enumerate(delivering.WAITS, 1):
        attempt_later(receiver.endpoint)
        delivery.refresh_from_db()
        waits = (delivery.next_at - delivery.last_at).total_seconds()
        assert delivery.attempts == n and wait <= waits <= wait * 1.11
    attempt_later(receiver.endpoint)
    delivery.refresh_from_db()
    assert delivery.state == "failed" and delivery.attempts == 10
    receiver.answer = lambda n: 200
    webhooks.deliver_again(delivery=delivery, now=timezone.now())
    assert deliver(receiver.endpoint) == 1
    assert [d.id for d in receiver.came] == [str(delivery.pk)]


def test_410_stops_it_and_staff_get_a_letter(receiver, staff, mailoutbox):
    finish()
    finish()
    receiver.answer = lambda n: 410
    assert deliver(receiver.endpoint) == 1
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.stop_reason == "gone"
    for _time in range(2):
        emails.tell_of_stopped_webhooks(timezone.now())
    (letter,) = mailoutbox
    assert endpoint.url in letter.body and str(endpoint.pk) in letter.body
    webhooks.change_endpoint(endpoint=endpoint, active=True, now=timezone.now())
    receiver.answer = lambda n: 200
    assert deliver(endpoint, later=10) == 2


def test_five_days_of_silence_stop_it(receiver):
    finish()
    receiver.answer = lambda n: 500
    begun = timezone.now() - timedelta(days=5)
    WebhookEndpoint.objects.update(failing_since=begun)
    deliver(receiver.endpoint)
    assert WebhookEndpoint.objects.get().stop_reason == "silent"


def test_five_days_of_silence_stop_it_though_nothing_is_due(receiver):
    """The last attempt of an event is on the fourth day."""
    finish()
    receiver.answer = lambda n: 500
    for _attempt in range(10):
        attempt_later(receiver.endpoint)
    courier = Courier(build_body)
    courier.ask()
    assert WebhookEndpoint.objects.get().stop_reason == ""
    begun = timezone.now() - timedelta(days=5)
    WebhookEndpoint.objects.update(failing_since=begun)
    courier.ask()
    assert WebhookEndpoint.objects.get().stop_reason == "silent"


def test_while_the_secret_is_changed_both_sign(receiver):
    finish()
    new = webhooks.rotate_secret(endpoint=receiver.endpoint, now=timezone.now())
    assert new != receiver.secret
    deliver(receiver.endpoint)
    receiver.secret = new
    finish()
    deliver(receiver.endpoint)
    assert len(receiver.came) == 2 and not receiver.wrong
    WebhookEndpoint.objects.update(old_secret_until=timezone.now())
    finish()
    receiver.secret = receiver.endpoint.secret
    deliver(receiver.endpoint)
    assert "No matching signature" in receiver.wrong[0]


def test_a_signature_of_another_body_is_refused(receiver):
    finish()
    event = WebhookEvent.objects.get()
    body = build_body(event)
    headers = delivering.signing.build_headers(
        [receiver.secret], "x", timezone.now(), body.encode()
    )
    assert Webhook(receiver.secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(receiver.secret).verify(body.replace("canceled", "completed"), headers)


def test_private_addresses_are_not_spoken_to(receiver, settings):
    finish()
    settings.DEBUG = False
    assert deliver(receiver.endpoint) == 1
    assert receiver.tried == 0
    delivery = WebhookDelivery.objects.get()
    assert "https" in delivery.answer and delivery.status is None
    # A name that leads into a private network, though it looks like any other.
    WebhookEndpoint.objects.update(url="https://localhost/hook")
    deliver(receiver.endpoint, later=10)
    assert "private" in WebhookDelivery.objects.get().answer


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example.org/hook",
        "ftp://shop.example.org",
        "https://",
        "https://user:pass@shop.example.org/",
        "https://shop.example.org:99999/",
        "https://[::1",
        "https://shop example.org/",
        "//shop.example.org",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(webhooks.WebhookError):
        webhooks.check_url(url)


@pytest.mark.django_db(transaction=True)
def test_one_that_hangs_holds_up_no_other(receiver, settings):
    settings.MIRAGIC_TIME_SCALE = 4
    with listening(answer=lambda n: None) as silent:
        webhooks.create_endpoint(url=silent.url, events=MOST, now=timezone.now())
        for _n in range(10):
            finish()
        courier = Courier(build_body)
        courier.ask()
        until(lambda: courier.ask() or len(receiver.came) == 10)
        assert silent.tried <= 4
        courier.end()
        silent.ended.set()
        until(lambda: not courier._lanes.total())


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_it_to_the_next(receiver):
    finish()
    assert delivering.claim_next(receiver.endpoint.pk, timezone.now()) is not None
    assert deliver(receiver.endpoint) == 0
    assert deliver(receiver.endpoint, later=21) == 1
    assert len(receiver.came) == 1


def test_one_that_has_just_failed_is_not_tried_at_once(receiver, monkeypatch):
    """By another lane, which had read it before."""
    finish()

    def fail_meanwhile() -> uuid.UUID:
        later = timezone.now() + timedelta(seconds=5)
        WebhookDelivery.objects.update(attempts=1, next_at=later)
        return uuid.UUID(int=1)

    monkeypatch.setattr(delivering.uuid, "uuid4", fail_meanwhile)
    assert delivering.claim_next(receiver.endpoint.pk, timezone.now()) is None


def test_the_address_answers_endlessly(receiver):
    finish()
    receiver.body = b"\x00<" * 100_000
    receiver.answer = lambda n: 200
    deliver(receiver.endpoint)
    answer = WebhookDelivery.objects.get().answer
    assert len(answer) == 1024 and "\x00" not in answer


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", 200),  # and then it drips
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 99\r\n\r\n", 410),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n", 200),
    ],
    ids=["dripping", "cut", "not packed", "not chunked"],
)
def test_the_status_counts_whatever_becomes_of_the_body(
    receiver, monkeypatch, head, status
):
    monkeypatch.setattr(delivering, "find_deadline", lambda: 1.0)
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head)
        with contextlib.suppress(OSError):
            while not ended.wait(0.1):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        WebhookEndpoint.objects.update(url=url)
        thread = threading.Thread(target=lambda: drip(server.accept()[0]))
        thread.start()
        finish()
        assert deliver(receiver.endpoint) == 1
        ended.set()
        thread.join()
    assert WebhookDelivery.objects.get().status == status
    stopped = WebhookEndpoint.objects.get().stop_reason
    assert stopped == ("gone" if status == 410 else "")


@pytest.mark.django_db(transaction=True)
def test_many_that_hang_leave_room_for_others(receiver, settings):
    """Each with four lanes would take all there are."""
    with listening(answer=lambda n: None) as silent:
        for _n in range(courier_module.MOST // courier_module.AT_ONCE):
            webhooks.create_endpoint(url=silent.url, events=MOST, now=timezone.now())
        WebhookEndpoint.objects.filter(pk=receiver.endpoint.pk).update(
            created_at=timezone.now() - timedelta(days=1)  # the last to be asked for
        )
        for _n in range(courier_module.AT_ONCE):
            finish()
        courier = Courier(build_body)
        courier.ask()
        until(lambda: len(receiver.came) == courier_module.AT_ONCE)
        courier.end()
        silent.ended.set()
        until(lambda: not courier._lanes.total())


def test_what_is_due_is_read_in_order(receiver):
    """Of ten thousand that wait, without sorting them all for each one that is sent."""
    finish()
    if connection.vendor == "postgresql":  # it sorts a few rows unless forbidden
        with connection.cursor() as cursor:
            for way in ("sort", "seqscan", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
    due = WebhookDelivery.objects.due(timezone.now())
    plan = due.filter(endpoint=receiver.endpoint)[:8].explain()
    assert "webhook_due_in_order" in plan
    assert "TEMP B-TREE" not in plan and "Sort" not in plan
