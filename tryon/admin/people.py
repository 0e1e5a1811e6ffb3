from collections.abc import Sequence
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .. import services
from ..models import Garment, User
from ..services import quotas
from .base import CappedPaginator, ReadOnlyMixin

RIGHTS = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")


class CreationForm(AdminUserCreationForm):
    email = forms.EmailField()

    class Meta:
        model = User
        fields = ("email",)


class ChangeForm(UserChangeForm):
    def clean_email(self) -> str | None:
        email: str | None = self.cleaned_data["email"]
        if not email and self.instance.email is not None:
            raise forms.ValidationError(_("Only a guest has no e-mail. Type one."))
        if email and self.instance.external_id is not None:
            sentence = _("The shop's own programs name this customer: no e-mail.")
            raise forms.ValidationError(sentence)
        return email or None


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    form = ChangeForm
    add_form = CreationForm
    list_display = ["__str__", "is_staff", "daily_limit", "blocked_at", "date_joined"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["email", "external_id"]
    ordering = ["-date_joined", "-id"]
    sortable_by = ["date_joined"]
    paginator = CappedPaginator
    show_full_result_count = False
    readonly_fields = ["external_id", "date_joined", "last_login", "used_today"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "email",
                    "external_id",
                    "password",
                    "date_joined",
                    "last_login",
                ]
            },
        ),
        (_("Tries"), {"fields": ["daily_limit", "used_today", "blocked_at"]}),
        (
            _("Rights"),
            {"fields": RIGHTS, "classes": ["collapse"]},
        ),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "usable_password", "password1", "password2"]})
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """As addresses are kept; SQLite knows no case beyond ASCII."""
        return super().get_search_results(request, queryset, search_term.lower())

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> list[str] | tuple[str, ...]:
        """Only a superuser gives rights, and changes how somebody signs in.

        An operator would else take more than their own, or sign in as a customer.
        """
        fixed = super().get_readonly_fields(request, obj)
        return fixed if _is_superuser(request) else [*fixed, "email", *RIGHTS]

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None or _is_superuser(request):
            return super().get_fieldsets(request, obj)
        fields = ["email", "external_id", "date_joined", "last_login"]
        signing_in = (None, {"fields": fields})
        return [signing_in, *self.fieldsets[1:]]

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        if not _is_superuser(request):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def has_change_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: User | None = None
    ) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    @admin.display(description=_("used in 24 hours"))
    def used_today(self, user: User) -> str:
        tries = quotas.count_tries(user, timezone.now())
        return f"{tries.used} / {tries.limit}"

    def get_deleted_objects(
        self, objs: Sequence[User] | QuerySet[User], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Their own pieces go too, though the catalogue is never deleted."""
        lines, counts, needed, protected = super().get_deleted_objects(objs, request)
        return lines, counts, needed - {Garment._meta.verbose_name}, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """The same path as the customer's own: files and results go too."""
        services.delete_owner(owner=obj, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            if _may_touch(request, user):
                self.delete_model(request, user)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """Colleagues' passwords and addresses are a superuser's alone to change."""
    return user is None or not user.is_staff or _is_superuser(request)


admin.site.unregister(Authenticator)
admin.site.unregister(UserSession)  # its keys would let staff in as their customers


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyMixin, admin.ModelAdmin):
    """Deleting it lets somebody in who lost the phone. Its secret is never shown."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    fields = ["user", "type", "created_at", "last_used_at"]
    search_fields = ["user__email"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return _is_superuser(request)
