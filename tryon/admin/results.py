from django.contrib import admin

from ..models import Result, ReviewDecision
from .base import PictureAdmin, ReadOnlyMixin, link


class ReviewDecisionInline(ReadOnlyMixin, admin.TabularInline):
    model = ReviewDecision
    extra = 0


@admin.register(Result)
class ResultAdmin(ReadOnlyMixin, PictureAdmin):
    list_display = ["thumbnail", "try_on_link", "owner", "review_state", "created_at"]
    list_filter = ["review_state", "flagged_at", "created_at"]
    search_fields = ["try_on__id", "try_on__owner__email"]
    list_select_related = ["try_on__owner"]
    date_hierarchy = "created_at"
    inlines = [ReviewDecisionInline]
    fields = [
        "large",
        "try_on_link",
        "owner",
        "size",
        "review_state",
        "flagged_at",
        "created_at",
        "seen_at",
    ]

    @admin.display(description="try-on")
    def try_on_link(self, result: Result) -> str:
        return link(result.try_on)

    def owner(self, result: Result) -> str:
        return str(result.try_on.owner)
