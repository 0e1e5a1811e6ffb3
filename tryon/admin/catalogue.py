"""The catalogue in bulk, how each piece does, and what the last weeks were like."""

import uuid

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from .. import tasks
from ..models import CatalogueImport, User
from ..monitoring import statistics
from ..services import catalogue_imports
from .base import ReadOnlyMixin

PERIODS = (7, 30, 90)


class ImportForm(forms.Form):
    file = forms.FileField(
        label=_("Zip"),
        help_text=_(
            "With catalogue.csv (sku, name, kind, file, product_url) and the pictures."
        ),
    )


@admin.register(CatalogueImport)
class CatalogueImportAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["__str__", "by", "state", "new", "changed", "created_at"]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("start/", wrap(start), name="tryon_import"),
            path("<uuid:pk>/look/", wrap(look), name="tryon_import_look"),
            path("garments/", wrap(health), name="tryon_garment_health"),
            path("insight/", wrap(weeks), name="tryon_insight"),
        ]
        return own + super().get_urls()


def require_right(request: HttpRequest, right: str) -> User:
    user = request.user
    if not isinstance(user, User) or not user.has_perm(right):
        raise PermissionDenied
    return user


def show_page(request: HttpRequest, name: str, **context: object) -> HttpResponse:
    everywhere = admin.site.each_context(request)
    return render(request, f"admin/tryon/{name}.html", {**everywhere, **context})


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Upload a zip; it is looked through before anything is taken in."""
    user = require_right(request, "tryon.add_garment")
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        row = catalogue_imports.request_import(
            by=user, file=form.cleaned_data["file"], now=timezone.now()
        )
        tasks.ask_for_import(row)
        return redirect("admin:tryon_import_look", row.pk)
    recent = CatalogueImport.objects.all()[:10]
    return show_page(request, "import", title=_("Import"), form=form, recent=recent)


@require_http_methods(["GET", "HEAD", "POST"])
def look(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """What the dry run found; POST takes in what is in order, or tries anew."""
    require_right(request, "tryon.add_garment")
    row = get_object_or_404(CatalogueImport, pk=pk)
    if request.method == "POST":
        replace = "replace_pictures" in request.POST
        if catalogue_imports.begin_import(
            row=row, replace=replace
        ) or catalogue_imports.restart(row=row):
            tasks.ask_for_import(row)
        return redirect("admin:tryon_import_look", pk)
    busy = row.state in catalogue_imports.WORK
    return show_page(request, "import_look", title=_("Import"), row=row, busy=busy)


def answer_csv(text: str, name: str) -> HttpResponse:
    """To keep, under that name."""
    response = HttpResponse(text, content_type="text/csv")
    name = f"fitting-room-{name}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def find_days(request: HttpRequest) -> int:
    chosen = request.GET.get("days", "")
    return next((period for period in PERIODS if str(period) == chosen), PERIODS[1])


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Which pictures of garments waste money, the worst first."""
    require_right(request, "tryon.view_garment")
    days = find_days(request)
    rows = statistics.garment_health(timezone.now(), days)
    context = {"rows": rows, "days": days, "periods": PERIODS}
    return show_page(request, "garments", title=_("Garment health"), **context)


@require_safe
def weeks(request: HttpRequest) -> HttpResponse:
    """Tries, durations, failures, cost; `?format=csv` to keep."""
    require_right(request, "tryon.view_tryon")
    days, now = find_days(request), timezone.now()
    if request.GET.get("format") == "csv":
        return answer_csv(statistics.as_csv(now, days), f"{days}-days")
    overview = statistics.overview(now, days)
    most = max((row["tries"] for row in overview["by_day"]), default=0) or 1
    bars = [{**row, "height": 80 * row["tries"] / most} for row in overview["by_day"]]
    context = {
        "overview": overview,
        "bars": bars,
        "periods": PERIODS,
        "step": 600 / days,
    }
    return show_page(request, "insight", title=_("Insight"), **context)
