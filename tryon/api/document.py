"""The OpenAPI 3.1 document, and the page that shows it."""

from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from ninja import NinjaAPI, Swagger

from .idempotency import HEADER
from .problems import CONTENT_TYPE

DESCRIPTION = """
Pictures of people in clothes, made by this shop's fitting room.

Requests carry a shop key: `Authorization: Bearer fr_…`. Errors are problem documents
(RFC 9457) whose `code` is stable. Any POST may carry an `Idempotency-Key`.
"""
IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "1 to 255 characters of ASCII. The same request with the same one "
    "gets the same answer for a day.",
}


class ShopAPI(NinjaAPI):
    def get_openapi_schema(self, **kwargs: Any) -> Any:
        """Errors have a type of their own, and any POST may be sent twice."""
        schema = super().get_openapi_schema(**kwargs)
        for operations in schema["paths"].values():
            for method, operation in operations.items():
                if method == "post":
                    operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
                for status, response in operation["responses"].items():
                    content = response.get("content", {})
                    if int(status) >= 400 and "application/json" in content:
                        content[CONTENT_TYPE] = content.pop("application/json")
        return schema


class Docs(Swagger):
    """All of it from here: no request leads to another host."""

    template = "api/docs.html"

    @method_decorator(csp_update({"style-src": ["'unsafe-inline'"]}))
    def render_page(
        self, request: HttpRequest, api: NinjaAPI, **kwargs: Any
    ) -> HttpResponse:
        return super().render_page(request, api, **kwargs)
