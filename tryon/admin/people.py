from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import quotas, services
from ..models import Garment, User


class CreationForm(AdminUserCreationForm):
    email = forms.EmailField()

    class Meta:
        model = User
        fields = ("email",)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    add_form = CreationForm
    list_display = ["__str__", "is_staff", "daily_limit", "blocked_at", "date_joined"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["email"]
    ordering = ["-date_joined"]
    readonly_fields = ["date_joined", "last_login", "used_today"]
    fieldsets = [
        (None, {"fields": ["email", "password", "date_joined", "last_login"]}),
        (_("Tries"), {"fields": ["daily_limit", "used_today", "blocked_at"]}),
        (
            _("Rights"),
            {
                "fields": [
                    "is_active",
                    "is_staff",
                    "is_superuser",
                    "groups",
                    "user_permissions",
                ],
                "classes": ["collapse"],
            },
        ),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "usable_password", "password1", "password2"]})
    ]

    @admin.display(description=_("used in 24 hours"))
    def used_today(self, user: User) -> str:
        tries = quotas.tries(user, timezone.now())
        return f"{tries.used} / {tries.limit}"

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Their own pieces go too, though the catalogue is never deleted."""
        found, counts, needed, protected = super().get_deleted_objects(objs, request)
        return found, counts, needed - {Garment._meta.verbose_name}, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """The same path as the customer's own: files and results go too."""
        services.delete_owner(owner=obj, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            self.delete_model(request, user)
