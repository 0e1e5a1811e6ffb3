from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from .. import tasks
from ..models import ApiRequest, Key
from ..models.ledger import KeyState
from ..monitoring import api_health
from ..pipeline import budget
from .base import CappedPaginator, FoundByTryOn, ReadOnlyMixin, link


@admin.register(Key)
class KeyAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["fingerprint", "state", "room", "reason", "paused_until"]
    actions = ["work_again", "pause"]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("health/", wrap(self.health), name="tryon_health"),
            path("health/pause/", wrap(self.pause_all), name="tryon_pause"),
        ]
        return own + super().get_urls()

    def health(self, request: HttpRequest) -> HttpResponse:
        """Each key's room, requests a minute, what waits and what fails."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        overview = api_health.overview(timezone.now())
        context = {
            **self.admin_site.each_context(request),
            **overview,
            "title": _("API health"),
            "sentence": api_health.summarise(overview),
        }
        return render(request, "admin/tryon/health.html", context)

    @method_decorator(require_POST)
    def pause_all(self, request: HttpRequest) -> HttpResponse:
        """Stop or go on with all submissions; polls and downloads go on."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        paused = budget.pause_all(on=request.POST.get("on") == "1", now=timezone.now())
        if not paused:
            tasks.wake_up()
        return redirect("admin:tryon_health")

    @admin.display(description=_("free now"))
    def room(self, key: Key) -> str:
        if key.fingerprint not in budget.secrets():
            return str(_("not in the settings"))
        return str(budget.room_now(timezone.now(), [key.pk])[key.pk])

    @admin.action(
        permissions=["operate"], description=_("Work again: what stopped it is mended")
    )
    def work_again(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        for key in queryset:
            budget.start_key(key, timezone.now())
        tasks.wake_up()
        messages.success(request, _("Working again; its jobs go on."))

    @admin.action(permissions=["operate"], description=_("Pause: its jobs wait"))
    def pause(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        for key in queryset:
            budget.stop_key(key, KeyState.PAUSED, f"paused by {request.user}")


@admin.register(ApiRequest)
class ApiRequestAdmin(ReadOnlyMixin, FoundByTryOn):
    list_display = [
        "planned_at",
        "kind",
        "key",
        "outcome",
        "http_status",
        "seconds",
        "try_on_link",
    ]
    list_filter = ["kind", "outcome", "key", "planned_at"]
    search_fields = ["try_on__id"]
    ordering = ["-id"]
    sortable_by = ()
    list_select_related = ["key", "try_on"]
    paginator = CappedPaginator
    show_full_result_count = False
    exclude = ["token"]

    @admin.display(description=_("try-on"))
    def try_on_link(self, request: ApiRequest) -> str:
        return link(request.try_on)
