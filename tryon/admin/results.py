from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ..models import Report, Result, ReviewDecision, User
from ..models.result import Decision
from ..services import review
from . import review as review_page
from .base import FoundByTryOn, MonthFilter, PictureAdmin, ReadOnlyMixin, link


class ReportInline(ReadOnlyMixin, admin.TabularInline):
    model = Report
    extra = 0


class ReviewDecisionInline(ReadOnlyMixin, admin.TabularInline):
    model = ReviewDecision
    extra = 0


@admin.register(Result)
class ResultAdmin(ReadOnlyMixin, FoundByTryOn, PictureAdmin):
    list_display = ["thumbnail", "try_on_link", "owner", "review_state", "created_at"]
    list_filter = ["review_state", "flagged_at", "created_at", MonthFilter]
    search_fields = ["try_on__id"]
    ordering = ["-created_at", "-id"]
    sortable_by = ["created_at"]
    list_select_related = ["try_on__owner"]
    inlines = [ReportInline, ReviewDecisionInline]
    fields = [
        "large",
        "try_on_link",
        "owner",
        "size",
        "review_state",
        "changed_outside",
        "flagged_at",
        "created_at",
        "seen_at",
    ]

    actions = ["approve", "hide", "undo"]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [path("review/", wrap(review_page.queue), name="tryon_review")]
        return own + super().get_urls()

    @admin.action(permissions=["operate"], description=_("Approve: may be seen"))
    def approve(self, request: HttpRequest, queryset: QuerySet[Result]) -> None:
        self._decide(request, queryset, Decision.APPROVE)

    @admin.action(permissions=["operate"], description=_("Hide: taken down"))
    def hide(self, request: HttpRequest, queryset: QuerySet[Result]) -> None:
        self._decide(request, queryset, Decision.HIDE)

    @admin.action(permissions=["operate"], description=_("Undo the decision"))
    def undo(self, request: HttpRequest, queryset: QuerySet[Result]) -> None:
        self._decide(request, queryset, Decision.UNDO)

    def _decide(
        self, request: HttpRequest, queryset: QuerySet[Result], decision: Decision
    ) -> None:
        assert isinstance(request.user, User)
        now, by = timezone.now(), request.user
        done = sum(
            review.decide(result=one, decision=decision, by=by, now=now)
            for one in queryset
        )
        message = ngettext("%(n)d result.", "%(n)d results.", done) % {"n": done}
        messages.info(request, message)

    @admin.display(description="try-on")
    def try_on_link(self, result: Result) -> str:
        return link(result.try_on)

    def owner(self, result: Result) -> str:
        return str(result.try_on.owner)
