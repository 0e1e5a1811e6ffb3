from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..forms.fields import LineField
from ..models import Scope, ShopKey
from ..services import shop_keys
from .base import show_secret


class NewKeyForm(forms.ModelForm):
    label = LineField(
        max_length=80,
        label=_("Label"),
        help_text=_("What it is for. Receipts and consents name it."),
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope,
        initial=Scope.values,
        widget=forms.CheckboxSelectMultiple,
        label=_("Scopes"),
        help_text=_("What a program that has it may do."),
    )

    class Meta:
        model = ShopKey
        fields = ("label", "scopes", "expires_at")

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError(_("That is over already. Choose a later day."))
        return expires_at


@admin.register(ShopKey)
class ShopKeyAdmin(admin.ModelAdmin):
    """Made and revoked, never changed: what a key may do is said when it is made."""

    form = NewKeyForm
    list_display = ["label", "prefix", "scope_names", "last_used_at", "state"]
    fields = ["label", "scopes", "expires_at"]
    actions = ["revoke"]
    sortable_by = ()

    @admin.display(description=_("scopes"))
    def scope_names(self, key: ShopKey) -> str:
        return ", ".join(str(Scope(scope).label) for scope in key.scopes)

    @admin.display(description=_("state"))
    def state(self, key: ShopKey) -> str:
        if key.revoked_at is not None:
            return str(_("revoked"))
        if key.is_expired(timezone.now()):
            return str(_("expired"))
        return str(_("valid"))

    def has_change_permission(
        self, request: HttpRequest, obj: ShopKey | None = None
    ) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: ShopKey | None = None
    ) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tryon.change_shopkey")

    def save_model(
        self, request: HttpRequest, obj: ShopKey, form: NewKeyForm, change: bool
    ) -> None:
        key, secret = shop_keys.create_shop_key(
            label=obj.label,
            scopes=form.cleaned_data["scopes"],
            expires_at=obj.expires_at,
            now=timezone.now(),
        )
        obj.pk, obj.secret = key.pk, secret  # type: ignore[attr-defined]

    def log_addition(self, request: HttpRequest, obj: ShopKey, message: Any) -> Any:
        obj.refresh_from_db()
        return super().log_addition(request, obj, message)

    def response_add(
        self, request: HttpRequest, obj: ShopKey, post_url_continue: Any = None
    ) -> HttpResponse:
        secret = obj.secret  # type: ignore[attr-defined]
        lead = _(
            "This is the key “%(label)s”. Copy it now: it is not kept, and no page can "
            "show it again."
        )
        return show_secret(
            self,
            request,
            title=_("The new key"),
            lead=lead % {"label": obj.label},
            name=_("Key"),
            secret=secret,
            header=f"Authorization: Bearer {secret}",
        )

    @admin.action(permissions=["revoke"], description=_("Revoke: it opens nothing"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ShopKey]) -> None:
        for key in queryset:
            shop_keys.revoke_shop_key(key=key, now=timezone.now())
        messages.success(request, _("Revoked. What shows it is refused from now on."))
