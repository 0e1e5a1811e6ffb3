from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ..models import EventType, WebhookDelivery, WebhookEndpoint
from ..services import webhooks
from .base import CappedPaginator, DeletedAlone, ReadOnlyMixin, show_secret

CHOICES = [choice for choice in EventType.choices if choice[0] != EventType.TEST]


class EndpointForm(forms.ModelForm):
    events = forms.MultipleChoiceField(
        choices=CHOICES,
        initial=[value for value, _label in CHOICES],
        widget=forms.CheckboxSelectMultiple,
        label=_("Events"),
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "events")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        try:
            webhooks.check_url(url)
        except webhooks.WebhookError as error:
            raise forms.ValidationError(str(error)) from None
        return url


class SinceForm(forms.Form):
    since = forms.DateTimeField(
        label=_("Send all again that happened since"),
        widget=forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}
        ),
    )


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(DeletedAlone):
    form = EndpointForm
    list_display = ["url", "state", "waiting", "created_at"]
    readonly_fields = ["state", "last_deliveries"]
    actions = ["send_test", "stop", "go_on", "rotate_secret"]
    change_form_template = "admin/tryon/webhook.html"
    sortable_by = ()

    def get_fields(
        self, request: HttpRequest, obj: WebhookEndpoint | None = None
    ) -> Any:
        return ["url", "events", *(self.readonly_fields if obj is not None else ())]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = path(
            "<uuid:pk>/again/", wrap(self.deliver_again), name="tryon_webhook_again"
        )
        return [own, *super().get_urls()]

    @admin.display(description=_("state"))
    def state(self, endpoint: WebhookEndpoint) -> str:
        if endpoint.stopped_at is not None:
            return endpoint.get_stop_reason_display()
        if endpoint.failing_since is not None:
            return str(_("fails"))
        return str(_("works"))

    @admin.display(description=_("wait"))
    def waiting(self, endpoint: WebhookEndpoint) -> int:
        return endpoint.deliveries.pending()[:1000].count()

    @admin.display(description=_("deliveries"))
    def last_deliveries(self, endpoint: WebhookEndpoint) -> SafeString:
        address = reverse("admin:tryon_webhookdelivery_changelist")
        text = _("What was sent there, and what it answered")
        return format_html(
            '<a href="{}?endpoint__id__exact={}">{}</a>', address, endpoint.pk, text
        )

    def save_model(
        self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool
    ) -> None:
        now, data = timezone.now(), form.cleaned_data
        if not change:
            made = webhooks.create_endpoint(
                url=data["url"], events=data["events"], now=now
            )
            obj.pk, obj.secret, obj.created_at = made.pk, made.secret, made.created_at
            return
        webhooks.change_endpoint(
            endpoint=obj, url=data["url"], events=data["events"], now=now
        )

    def response_add(
        self,
        request: HttpRequest,
        obj: WebhookEndpoint,
        post_url_continue: Any = None,
    ) -> HttpResponse:
        return self._show_secret(request, obj, obj.secret)

    def _show_secret(
        self, request: HttpRequest, endpoint: WebhookEndpoint, secret: str
    ) -> HttpResponse:
        lead = _(
            "This is what %(address)s checks signatures with. Copy it now: no page "
            "shows it again."
        )
        return show_secret(
            self,
            request,
            title=_("The secret of the webhook"),
            lead=lead % {"address": endpoint.url},
            name=_("Secret"),
            secret=secret,
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["since_form"] = SinceForm()
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator(require_POST)
    def deliver_again(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """All that happened since the moment that was chosen."""
        endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        form = SinceForm(request.POST)
        if form.is_valid():
            count = webhooks.deliver_all_since(
                endpoint=endpoint, since=form.cleaned_data["since"], now=timezone.now()
            )
            sentence = ngettext(
                "%(n)d event is sent again.", "%(n)d events are sent again.", count
            )
            messages.success(request, sentence % {"n": count})
        else:
            messages.error(request, _("Choose a day and a time."))
        return redirect("admin:tryon_webhookendpoint_change", pk)

    @admin.action(permissions=["change"], description=_("Send a test"))
    def send_test(
        self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]
    ) -> None:
        for endpoint in queryset:
            webhooks.send_test(endpoint=endpoint, now=timezone.now())
        messages.success(request, _("Sent; its deliveries say what came of it."))

    @admin.action(permissions=["change"], description=_("Stop: nothing is sent there"))
    def stop(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in queryset:
            webhooks.change_endpoint(
                endpoint=endpoint, active=False, now=timezone.now()
            )

    @admin.action(permissions=["change"], description=_("Go on: what waits is sent"))
    def go_on(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in queryset:
            webhooks.change_endpoint(endpoint=endpoint, active=True, now=timezone.now())

    @admin.action(
        permissions=["change"],
        description=_("Change the secret of one; for a day both sign"),
    )
    def rotate_secret(
        self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]
    ) -> HttpResponse | None:
        if queryset.count() != 1:
            messages.error(request, _("Choose one: its secret is shown once."))
            return None
        endpoint = queryset.get()
        secret = webhooks.rotate_secret(endpoint=endpoint, now=timezone.now())
        return self._show_secret(request, endpoint, secret)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyMixin, admin.ModelAdmin):
    list_display = ["created_at", "type", "state", "attempts", "status", "milliseconds"]
    list_filter = ["state", "endpoint"]
    list_select_related = ["event"]
    fields = [
        "endpoint",
        "type",
        "created_at",
        "state",
        "attempts",
        "next_at",
        "last_at",
        "status",
        "milliseconds",
        "answer",
        "body",
    ]
    ordering = ["-created_at", "-id"]
    sortable_by = ()
    actions = ["send_again"]
    paginator = CappedPaginator
    show_full_result_count = False

    @admin.display(description=_("event"))
    def type(self, delivery: WebhookDelivery) -> str:
        return delivery.event.get_type_display()

    @admin.display(description=_("what is sent"))
    def body(self, delivery: WebhookDelivery) -> str:
        return delivery.event.body or "–"

    @admin.action(permissions=["operate"], description=_("Send again"))
    def send_again(
        self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]
    ) -> None:
        for delivery in queryset:
            webhooks.deliver_again(delivery=delivery, now=timezone.now())
        messages.success(request, _("On their way; look again in a moment."))
