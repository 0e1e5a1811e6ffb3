"""What the admin classes share."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _


def thumbnail(picture: Any, height: int = 64) -> SafeString | str:
    """For lists, whose cells are links already."""
    if picture is None:
        return "–"
    return format_html(
        '<img src="{}" height="{}" alt="{}">', picture.small_url, height, picture
    )


def large(picture: Any, height: int = 320) -> SafeString | str:
    """For a row's own page: leads to the picture in full size."""
    if picture is None:
        return "–"
    return format_html('<a href="{}">{}</a>', picture.url, thumbnail(picture, height))


def link(row: Any) -> SafeString | str:
    if row is None:
        return "–"
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), row)


class ReadOnlyMixin:
    """Rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Who may press the actions' buttons, though no field can be changed."""
        meta = self.model._meta  # type: ignore[attr-defined]
        right: bool = request.user.has_perm(f"tryon.change_{meta.model_name}")  # type: ignore[union-attr]
        return right


class PictureAdmin(admin.ModelAdmin):
    show_full_result_count = False

    @admin.display(description=_("picture"))
    def thumbnail(self, row: Any) -> SafeString | str:
        return thumbnail(row)

    @admin.display(description=_("picture"))
    def large(self, row: Any) -> SafeString | str:
        return large(row)

    @admin.display(description=_("size"))
    def size(self, row: Any) -> str:
        return f"{row.width} × {row.height}"
