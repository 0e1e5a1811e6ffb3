"""A program of the shop, and what it asks."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests import factories
from tryon.presentation import progress

BASE = "/api/v1"


class Program(Client):
    """Shows its key; answers are JSON, or nothing."""

    def __init__(self, secret: str | None):
        super().__init__(raise_request_exception=False)
        self.secret = secret

    def generic(self, method: str, path: str, *args: Any, **kwargs: Any) -> Any:
        headers = dict(kwargs.pop("headers", None) or {})
        if self.secret is not None:
            headers.setdefault("Authorization", f"Bearer {self.secret}")
        path = path if path.startswith(("/api", "http")) else BASE + path
        return super().generic(method, path, *args, headers=headers, **kwargs)

    def send(self, path: str, value: object, **kwargs: Any) -> HttpResponse:
        kwargs.setdefault("content_type", "application/json")
        return self.post(path, value, **kwargs)


@pytest.fixture(autouse=True)
def _fresh_forecast():
    progress.recent_shop.forget()
    yield
    progress.recent_shop.forget()


@pytest.fixture
def program(db) -> Program:
    return Program(factories.shop_key())
