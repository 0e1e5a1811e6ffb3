from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Unfinished
from .base import ReadOnlyMixin


@admin.register(Unfinished)
class UnfinishedAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """What the minute's tasks cannot get done, and why."""

    list_display = ["job", "row", "tries", "begun_at", "next_at", "error"]
    list_filter = ["job"]
    actions = ["try_now"]

    @admin.action(permissions=["operate"], description=_("Try again within a minute"))
    def try_now(self, request: HttpRequest, queryset: QuerySet[Unfinished]) -> None:
        queryset.update(next_at=timezone.now())
        messages.success(request, _("Tried again within a minute."))
