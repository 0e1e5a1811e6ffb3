"""Product feeds, what their syncs did or would do, and the rules for kinds."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.validators import URLValidator
from django.db.models import Count, Model, QuerySet, TextField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from .. import feeds, tasks
from ..feeds import kinds
from ..models import Feed, KindRule
from .base import DeletedAlone


class FeedForm(forms.ModelForm):
    address = forms.URLField(
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        label=_("Address"),
    )
    file = forms.FileField(
        required=False,
        label=_("Or a file"),
        help_text=_("RSS, Atom or a table with tabs, as Google Merchant Center takes."),
    )

    class Meta:
        model = Feed
        fields = ["name", "address", "every_hours", "is_on"]

    def clean_every_hours(self) -> int:
        hours: int = self.cleaned_data["every_hours"]
        if not hours:
            raise forms.ValidationError(_("At least one hour."))
        return hours

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        address, file = cleaned.get("address"), cleaned.get("file")
        if self.errors:
            return cleaned
        if address and file:
            self.add_error("file", _("An address or a file, not both."))
        elif not (address or file or self.instance.file_name):
            self.add_error("address", _("An address or a file is needed."))
        return cleaned


@admin.register(Feed)
class FeedAdmin(DeletedAlone):
    form = FeedForm
    list_display = ["name", "is_on", "state", "synced_at", "next_at", "problem", "told"]
    fields = ["name", "address", "file", "every_hours", "is_on"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(report)
        own = path("<int:pk>/report/", view, name="tryon_feed_report")
        return [own, *super().get_urls()]

    @admin.display(description=_("report"))
    def told(self, feed: Feed) -> SafeString:
        address = reverse("admin:tryon_feed_report", args=[feed.pk])
        return format_html('<a href="{}">{}</a>', address, _("Look"))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Without the admin's transaction: a file is listed before it is written."""
        return super()._changeform_view(  # type: ignore[misc]
            request, object_id, form_url, extra_context
        )

    def save_model(
        self, request: HttpRequest, obj: Feed, form: FeedForm, change: bool
    ) -> None:
        file = form.cleaned_data.get("file")
        if file:
            feeds.keep_file(feed=obj, file=file, now=timezone.now())
        elif not change:
            obj.save()
        else:
            # Only these: a sync may be writing the others.
            feeds.change(feed=obj, fields=FeedForm.Meta.fields)

    def response_add(
        self, request: HttpRequest, obj: Feed, post_url_continue: str | None = None
    ) -> HttpResponse:
        return redirect("admin:tryon_feed_report", obj.pk)

    def delete_model(self, request: HttpRequest, obj: Feed) -> None:
        feeds.delete_feed(feed=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        for feed in queryset:
            self.delete_model(request, feed)


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """What the last sync did, and what one would do; POST asks for one."""
    may_ask = request.user.has_perm("tryon.change_feed")
    if not may_ask and not request.user.has_perm("tryon.view_feed"):
        raise PermissionDenied
    feed = get_object_or_404(Feed, pk=pk)
    if request.method == "POST":
        if not may_ask:
            raise PermissionDenied
        asked = feeds.request_sync(
            feed=feed,
            now=timezone.now(),
            dry="look" in request.POST,
            retire_many="retire" in request.POST,
            language=get_language() or "",
        )
        if asked:
            tasks.ask_for_feed(feed)
        else:
            messages.info(request, _("A sync of this feed is going on already."))
        return redirect("admin:tryon_feed_report", pk)
    context = {
        **admin.site.each_context(request),
        "title": str(feed),
        "feed": feed,
        "may_ask": may_ask,
        "reports": [
            (_("It would do"), feed.look),
            (_("The last sync did"), feed.report),
        ],
    }
    return render(request, "admin/tryon/feed/report.html", context)


@admin.register(KindRule)
class KindRuleAdmin(DeletedAlone):
    list_display = ["field", "words", "kind", "reason", "position", "caught"]
    formfield_overrides: ClassVar[dict[Any, Any]] = {
        TextField: {"widget": forms.Textarea({"rows": 3, "cols": 36})}
    }
    list_editable = ["words", "kind", "reason", "position"]
    list_filter = ["field", "kind"]
    list_per_page = 200
    fields = ["position", "field", "words", "kind", "reason"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        kinds.find_rules()  # those that ship, where there is none
        return super().changelist_view(request, extra_context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        return super().get_queryset(request).annotate(caught=Count("items"))

    @admin.display(description=_("caught"), ordering="caught")
    def caught(self, rule: Any) -> int:
        count: int = rule.caught
        return count
