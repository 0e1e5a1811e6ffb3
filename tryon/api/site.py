"""All addresses of the API, and how its errors are answered."""

import logging
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja.errors import HttpError, ValidationError

from .. import services
from ..models import OwnerGone
from ..pictures import normalise, storage
from ..services.customers import NoCustomer
from . import customers, embed_tokens, garments, limits, photos, try_ons, webhooks
from .document import DESCRIPTION, Docs, ShopAPI
from .idempotency import keep_refusal
from .problems import FieldError, Problem, invalid, respond
from .reading import StrictParser

RETRY_AFTER = "10"  # seconds
MOST_ERRORS = 50  # that are told of one request
logger = logging.getLogger(__name__)

api = ShopAPI(
    title="Fitting Room",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    openapi_url="/openapi.json",
    docs_url="/docs",
    docs=Docs(),
    docs_decorator=require_safe,
    parser=StrictParser(),
)
for name, module in {
    "photos": photos,
    "try-ons": try_ons,
    "garments": garments,
    "customers": customers,
    "limits": limits,
    "embed-tokens": embed_tokens,
    "webhooks": webhooks,
}.items():
    api.add_router(f"/{name}", module.router)


@api.exception_handler(Problem)
def on_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    return respond(problem)


@api.exception_handler(Http404)
@api.exception_handler(ObjectDoesNotExist)
def on_404(request: HttpRequest, error: Exception) -> HttpResponse:
    """Also of what is deleted while it is worked on."""
    return respond(Problem("not_found"))


@api.exception_handler(HttpError)
def on_http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja wraps what the parser raises."""
    cause = error.__cause__
    problem = cause if isinstance(cause, Problem) else Problem("malformed", str(error))
    return keep_refusal(request, respond(problem))


@api.exception_handler(ValidationError)
def on_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [_describe(one) for one in error.errors[:MOST_ERRORS]]
    detail = " ".join(f"{one['field']}: {one['message']}" for one in errors)
    return keep_refusal(request, respond(Problem("invalid", detail[:1000], errors)))


def _describe(error: dict[str, Any]) -> FieldError:
    """Where it stands, without where ninja and pydantic found it."""
    source, *parts = (str(part) for part in error["loc"])
    if len(parts) > 1 or source == "body":
        parts = parts[1:]  # the view's name for all of a body
    message = str(error["msg"]).removeprefix("Value error, ")
    return {"field": ".".join(parts) or "body", "message": message}


@api.exception_handler(RequestDataTooBig)
def on_too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return respond(Problem("too_large"))


@api.exception_handler(NoCustomer)
def on_no_customer(request: HttpRequest, error: NoCustomer) -> HttpResponse:
    return respond(invalid(customer=str(error)))


@api.exception_handler(IntegrityError)
def on_gone(request: HttpRequest, error: IntegrityError) -> HttpResponse:
    logger.warning("a request met what had just been changed: %s", error)
    return respond(Problem("too_late", "What it names was just changed or deleted."))


@api.exception_handler(OwnerGone)
def on_owner_gone(request: HttpRequest, error: OwnerGone) -> HttpResponse:
    return respond(Problem("customer_gone"))


@api.exception_handler(services.TooManyUploads)
def on_too_many(request: HttpRequest, error: Exception) -> HttpResponse:
    return respond(Problem("too_many_uploads"))


@api.exception_handler(normalise.Busy)
@api.exception_handler(storage.Away)
def on_busy(request: HttpRequest, error: Exception) -> HttpResponse:
    return respond(Problem("busy", headers={"Retry-After": RETRY_AFTER}))


@api.exception_handler(Exception)
def on_error(request: HttpRequest, error: Exception) -> HttpResponse:
    """Django logs it; `ApiMiddleware` makes a document of its answer."""
    raise error
