"""A request's id leads from the page's log line to the worker's."""

import copy
import io
import json
import logging
from logging.config import DictConfigurator

import pytest
from celery import current_app
from django.conf import settings

from tests.live import live_site
from tryon.miragic.redact import RedactKeys
from vto_site import log_context, schedule


@pytest.fixture
def lines():
    """What is logged, as the JSON that a shop's log collector gets."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    config = DictConfigurator(copy.deepcopy(settings.LOGGING))
    handler.setFormatter(
        config.configure_formatter(config.config["formatters"]["json"])
    )
    handler.addFilter(log_context.AddContext())
    handler.addFilter(RedactKeys())
    loggers = [logging.getLogger(n) for n in ("tryon.requests", "django.request")]
    for logger in loggers:
        logger.addHandler(handler)
    loggers[0].setLevel("INFO")
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    for logger in loggers:
        logger.removeHandler(handler)


def test_a_page_has_an_id_in_the_log_and_in_its_answer(client, db, lines):
    response = client.get("/privacy/")
    (line,) = lines()
    assert line["request_id"] == response["X-Request-ID"]
    assert len(line["request_id"]) == 32
    assert line["message"].startswith("GET privacy 200 in ")


def test_secrets_in_addresses_are_not_logged(client, db, lines):
    client.get("/s/a-secret-token-of-a-share/")
    client.get("/p/a-secret-of-a-hand-off/")
    logging.getLogger("django.request").error("Internal Error: %s", "/s/a-secret-x/")
    told = [line["message"] for line in lines()]
    assert told[-1] == "Internal Error: /s/…/"
    assert "a-secret" not in str(told)


@pytest.mark.parametrize(
    ("proxies", "told", "kept"),
    [
        (["127.0.0.1"], "from-the-proxy-1", True),
        (["127.0.0.1"], "no\nline feeds", False),
        ([], "from-the-proxy-1", False),
    ],
)
def test_a_trusted_proxys_id_is_kept(client, db, settings, proxies, told, kept):
    settings.TRUSTED_PROXIES = proxies
    response = client.get("/privacy/", headers={"X-Request-ID": told})
    assert (response["X-Request-ID"] == told) == kept


def test_messages_carry_it_but_not_those_of_everybody(monkeypatch):
    log_context.request_id.set("request-1")
    sent = []

    def take(name, headers):
        log_context.take_along(sender=name, headers=headers)
        sent.append(headers.get(log_context.HEADER))

    take("tryon.tasks.render", {})
    take("tryon.tasks.dispatch", {})
    log_context.request_id.set("")
    take("tryon.tasks.render", {})
    assert sent == ["request-1", None, None]
    assert current_app.tasks  # the names are those of real tasks
    assert {"tryon.tasks.render", schedule.DISPATCH} <= set(current_app.tasks)


def test_the_workers_log_names_task_and_try_on(tmp_path, person_photo, shirt_photo):
    photo, shirt = tmp_path / "me.png", tmp_path / "shirt.jpg"
    photo.write_bytes(person_photo)
    shirt.write_bytes(shirt_photo)
    with live_site(tmp_path / "site", speed=10, LOG_FORMAT="json") as site:
        site.start_sandbox(plain=True, spread=0.1)
        site.start("worker", "beat")
        told = site.try_on(photo, shirt, "--type", "upper_body")
        assert told["status"] == "completed"
        site.stop()
    log = (site.folder / "worker.log").read_text()
    found = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    tasks = {line["task"] for line in found if line["try_on"] == told["id"]}
    assert {"submit", "poll"} <= tasks


def test_answers_that_were_dropped_are_told_where_requests_are_not():
    assert logging.getLogger("tryon.pipeline.outcomes").isEnabledFor(logging.INFO)
    assert not logging.getLogger("tryon.pipeline.budget").isEnabledFor(logging.INFO)
