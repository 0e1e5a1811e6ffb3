"""What the REST API's errors mean, in plain words: where their `type` leads."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..api.problems import KINDS


@require_safe
def problem(request: HttpRequest, code: str) -> HttpResponse:
    kind = KINDS.get(code.replace("-", "_"))
    if kind is None:
        raise Http404
    context = {"code": code.replace("-", "_"), "kind": kind}
    return render(request, "api/problem.html", context)


def no_address(request: HttpRequest) -> HttpResponse:
    """`ApiMiddleware` makes a problem document of it."""
    raise Http404
