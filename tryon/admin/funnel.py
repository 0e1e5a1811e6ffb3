"""What came of the button on product pages."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from ..models import EmbedCount
from ..monitoring import funnel
from .base import ReadOnlyMixin
from .catalogue import PERIODS, answer_csv, find_days, require_right, show_page


@admin.register(EmbedCount)
class EmbedCountAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["day", "origin", "sku", "step", "count"]
    list_filter = ["step"]
    search_fields = ["sku", "origin"]
    ordering = ["-day", "origin", "sku"]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [path("funnel/", wrap(product_pages), name="tryon_funnel")]
        return own + super().get_urls()


@require_safe
def product_pages(request: HttpRequest) -> HttpResponse:
    """Shown, opened, photo, tried, ready, basket; `?format=csv` to keep."""
    require_right(request, "tryon.view_tryon")
    days, now = find_days(request), timezone.now()
    if request.GET.get("format") == "csv":
        return answer_csv(funnel.write_csv(now, days), f"product-pages-{days}-days")
    context = {"funnel": funnel.build_funnel(now, days), "days": days}
    title = _("Product pages")
    return show_page(request, "funnel", title=title, periods=PERIODS, **context)
