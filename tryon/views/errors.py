"""Pages for when it does not work, each in the shell and with one button."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "errors/403.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Must not ask the database or the session for anything."""
    return HttpResponse(_SERVER_ERROR, status=500)


_SERVER_ERROR = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>That went wrong</title>
<h1>That went wrong on our side</h1><p>Your pictures are safe.</p>
<p><a href="">Try again</a></p></html>"""
