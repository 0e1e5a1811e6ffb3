"""What the admin classes share."""

import re
import uuid
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import TryOn, User
from ..models.uploads import Picture
from ..web import local_days

MOST_COUNTED = 10_000
MOST_FOUND = 1000


def thumbnail(picture: Picture | None, height: int = 64) -> SafeString | str:
    """For lists, whose cells are links already."""
    if picture is None or not picture.stem:
        return "–"
    return format_html(
        '<img src="{}" height="{}" alt="{}">', picture.small_url, height, picture
    )


def large(picture: Picture | None, height: int = 320) -> SafeString | str:
    """For a row's own page: leads to the picture in full size."""
    if picture is None or not picture.stem:  # a row that is being made has none
        return "–"
    return format_html('<a href="{}">{}</a>', picture.url, thumbnail(picture, height))


def link(row: Model | None) -> SafeString | str:
    if row is None:
        return "–"
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), row)


def show_secret(
    model_admin: "admin.ModelAdmin[Any]",
    request: HttpRequest,
    *,
    title: object,
    lead: str,
    name: object,
    secret: str,
    header: str = "",
) -> HttpResponse:
    """The one page that shows it; it is not kept, and no message repeats it."""
    opts = model_admin.model._meta
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": opts,
        "title": title,
        "lead": lead,
        "name": name,
        "secret": secret,
        "header": header,
        "back": reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
    }
    response = render(request, "admin/tryon/secret.html", context)
    response["Cache-Control"] = "no-store"
    return response


class ReadOnlyMixin:
    """Rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest, *args: object) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may press the actions' buttons, though no field can be changed."""
        meta = self.model._meta  # type: ignore[attr-defined]
        right: bool = request.user.has_perm(f"tryon.change_{meta.model_name}")
        return right


class DeletedAlone(admin.ModelAdmin):
    """What is deleted with it, or let go of, is not listed: it could be any number."""

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        name = str(self.model._meta.verbose_name_plural)
        return [str(one) for one in objs], {name: len(objs)}, set(), []


class CappedPaginator(Paginator):
    """Counts no further than somebody would page: of years, all would take seconds."""

    @cached_property
    def is_capped(self) -> bool:
        return self.count >= MOST_COUNTED

    @cached_property
    def count(self) -> int:
        rows = cast(QuerySet[Model], self.object_list)
        return min(rows.order_by()[: MOST_COUNTED + 1].count(), MOST_COUNTED)


class MonthFilter(admin.SimpleListFilter):
    """By the month of `created_at`, in place of a hierarchy of dates.

    That asks of every row which days there are; this asks when the oldest one came.
    """

    title = _("month")
    parameter_name = "month"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[TryOn]"
    ) -> list[tuple[str, str]]:
        month = timezone.localdate().replace(day=1)
        oldest = model_admin.model.objects.order_by("created_at").first()
        first = timezone.localdate(oldest.created_at) if oldest else month
        months = []
        while month >= first.replace(day=1):
            months.append((f"{month:%Y-%m}", date_format(month, "YEAR_MONTH_FORMAT")))
            month = _month(month, -1)
        return months

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Model]
    ) -> QuerySet[Model] | None:
        try:
            month = parse_date(f"{self.value()}-01")
        except ValueError:
            month = None
        if month is None:
            return None
        return queryset.filter(
            created_at__gte=local_days.find_midnight(month),
            created_at__lt=local_days.find_midnight(_month(month, 1)),
        )


def _month(month: date, by: int) -> date:
    year, number = divmod(month.year * 12 + month.month - 1 + by, 12)
    return date(year, number + 1, 1)


def find_try_ons(text: str) -> QuerySet[TryOn]:
    """By its number or the first digits of it, the API's, or the customer's e-mail or
    name in the shop's own programs.

    One after the other, for what joins the three reads the whole table.
    """
    text, rows = text.strip(), TryOn.objects.order_by()
    digits = text.replace("-", "").lower()
    searches = [rows.filter(remote_id=text)]
    if re.fullmatch(r"[0-9a-f]{8,32}", digits):
        first, last = (uuid.UUID(digits.ljust(32, end)) for end in "0f")
        searches.insert(0, rows.filter(pk__gte=first, pk__lte=last))
    for one in searches:
        if one.exists():
            return one
    named = Q(email__contains=text.lower()) | Q(external_id=text)
    owners = User.objects.filter(named)
    found_owners = owners.values_list("pk", flat=True)[:MOST_FOUND]
    return rows.filter(owner__in=list(found_owners))


class FoundByTryOn(admin.ModelAdmin):
    """Searches what belongs to a try-on by that try-on."""

    search_help_text = _("Number of a try-on, the API's number of it, or an e-mail.")
    of_try_on = "try_on"  # the way from a row to it

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        if not search_term:
            return queryset, False
        try_on_ids = find_try_ons(search_term).values_list("pk", flat=True)[:MOST_FOUND]
        return queryset.filter(**{f"{self.of_try_on}__in": list(try_on_ids)}), False


class PictureAdmin(admin.ModelAdmin):
    show_full_result_count = False
    paginator = CappedPaginator

    @admin.display(description=_("picture"))
    def thumbnail(self, row: Picture) -> SafeString | str:
        return thumbnail(row)

    @admin.display(description=_("picture"))
    def large(self, row: Picture) -> SafeString | str:
        return large(row)

    @admin.display(description=_("size"))
    def size(self, row: Picture) -> str:
        return f"{row.width} × {row.height}"
