from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import tasks
from ..models import ApiRequest, Key
from ..models.ledger import KeyState
from ..scheduling import budget
from .base import ReadOnlyMixin, link


@admin.register(Key)
class KeyAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["fingerprint", "state", "room", "reason", "paused_until"]
    actions = ["work_again", "pause"]

    @admin.display(description=_("free now"))
    def room(self, key: Key) -> str:
        return str(
            budget.room_now(timezone.now()).get(key.pk, _("not in the settings"))
        )

    @admin.action(description=_("Work again: what stopped it is mended"))
    def work_again(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        for key in queryset:
            budget.start_key(key, timezone.now())
        tasks.wake_up()
        messages.success(request, _("Working again; its jobs go on."))

    @admin.action(description=_("Pause: its jobs wait"))
    def pause(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        for key in queryset:
            budget.stop_key(key, KeyState.PAUSED, f"paused by {request.user}")


@admin.register(ApiRequest)
class ApiRequestAdmin(ReadOnlyMixin, admin.ModelAdmin):
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
    search_fields = ["try_on__id", "detail"]
    list_select_related = ["key", "try_on"]
    show_full_result_count = False
    exclude = ["token"]

    @admin.display(description=_("try-on"))
    def try_on_link(self, request: ApiRequest) -> str:
        return link(request.try_on)
