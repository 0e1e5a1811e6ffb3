"""Try-ons: read-only, with their story, and buttons that call the services."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .. import services, tasks
from ..models import ApiRequest, TryOn, TryOnEvent
from .base import (
    CappedPaginator,
    FoundByTryOn,
    MonthFilter,
    ReadOnlyMixin,
    large,
    link,
    thumbnail,
)


class TryOnEventInline(ReadOnlyMixin, admin.TabularInline):
    model = TryOnEvent
    extra = 0
    fields = ["at", "from_status", "to_status", "by", "note"]


class ApiRequestInline(ReadOnlyMixin, admin.TabularInline):
    model = ApiRequest
    extra = 0
    fields = [
        "planned_at",
        "kind",
        "key",
        "sent_at",
        "answered_at",
        "outcome",
        "http_status",
        "detail",
    ]
    ordering = ["planned_at"]


@admin.register(TryOn)
class TryOnAdmin(ReadOnlyMixin, FoundByTryOn):
    list_display = [
        "thumbnail",
        "short_id",
        "owner",
        "label",
        "status",
        "failure_code",
        "created_at",
        "seconds",
    ]
    list_display_links = ["short_id"]
    list_filter = ["status", "mode", "failure_code", "created_at", MonthFilter]
    search_fields = ["id"]
    of_try_on = "pk"
    sortable_by = ["created_at"]
    list_select_related = ["owner", "photo", "garment", "bottom_garment", "result"]
    paginator = CappedPaginator
    show_full_result_count = False
    inlines = [TryOnEventInline, ApiRequestInline]
    actions = ["send_again", "cancel"]
    fields = [
        "pictures",
        ("status", "mode", "garment_kind"),
        ("owner", "retry_link", "counts_against_limit"),
        ("created_at", "submitted_at", "finished_at", "deleted_at"),
        ("key", "remote_id", "duration_seconds"),
        ("failure_code", "failure_detail"),
        ("last_polled_at", "next_attempt_at", "attempts", "lease_until"),
        "raw_answer",
    ]

    @admin.display(description=_("result"))
    def thumbnail(self, try_on: TryOn) -> str:
        return thumbnail(getattr(try_on, "result", None) or try_on.photo)

    @admin.display(description="id")
    def short_id(self, try_on: TryOn) -> str:
        return str(try_on.pk)[:8]

    @admin.display(description=_("pictures"))
    def pictures(self, try_on: TryOn) -> SafeString:
        rows = [
            try_on.photo,
            try_on.garment,
            try_on.bottom_garment,
            getattr(try_on, "result", None),
        ]
        shown = [large(row, height=260) for row in rows if row is not None]
        return format_html_join(" ", "{}", ((one,) for one in shown))

    @admin.display(description=_("retry of"))
    def retry_link(self, try_on: TryOn) -> str:
        return link(try_on.retry_of)

    @admin.display(description=_("seconds"))
    def seconds(self, try_on: TryOn) -> str:
        if try_on.finished_at is None:
            return "–"
        return f"{(try_on.finished_at - try_on.created_at).total_seconds():.1f}"

    @admin.action(
        permissions=["operate"], description=_("Send again (only unconfirmed ones)")
    )
    def send_again(self, request: HttpRequest, queryset: QuerySet[TryOn]) -> None:
        self._each(request, queryset, services.send_again)
        tasks.wake_up()

    @admin.action(
        permissions=["operate"],
        description=_("Cancel (only those in line or unconfirmed)"),
    )
    def cancel(self, request: HttpRequest, queryset: QuerySet[TryOn]) -> None:
        self._each(request, queryset, services.cancel)

    def _each(
        self, request: HttpRequest, queryset: QuerySet[TryOn], verb: Callable[..., bool]
    ) -> None:
        now = timezone.now()
        done = sum(verb(try_on=one, now=now, by=request.user) for one in queryset)
        left = len(queryset) - done
        messages.info(
            request, ngettext("%(n)d try-on.", "%(n)d try-ons.", done) % {"n": done}
        )
        if left:
            sentence = ngettext(
                "%(n)d was not in a state for it.",
                "%(n)d were not in a state for it.",
                left,
            )
            messages.warning(request, sentence % {"n": left})
