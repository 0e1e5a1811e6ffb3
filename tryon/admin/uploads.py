from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from .. import services, tasks
from ..forms import LineField, PictureField
from ..models import Garment, Photo, typed_text
from ..models.uploads import matches_words
from ..pictures import normalise
from ..presentation import photo_advice
from ..services.catalogue.vocabulary import fold
from .base import MonthFilter, PictureAdmin, ReadOnlyMixin


@admin.register(Photo)
class PhotoAdmin(ReadOnlyMixin, PictureAdmin):
    list_display = ["thumbnail", "owner", "size", "created_at"]
    list_filter = ["created_at", MonthFilter]
    search_fields = ["owner__email"]
    list_select_related = ["owner"]
    fields = ["large", "owner", "size", "created_at", "derived_from"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return super(PictureAdmin, self).has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: Photo) -> None:
        services.delete_photo(photo=obj, now=timezone.now(), by=None)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Photo]) -> None:
        for photo in queryset:
            self.delete_model(request, photo)


class GarmentAdminForm(forms.ModelForm):
    new_picture = PictureField(
        reader=normalise.read_garment,
        required=False,
        label=_("Picture"),
        help_text=_("On a plain ground. It is fitted to 1024 pixels."),
    )

    product_url = forms.URLField(
        required=False, assume_scheme="https", label=_("Product page")
    )

    class Meta:
        model = Garment
        fields = ["kind", "name", "sku", "product_url"]
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {
            "name": LineField,
            "sku": LineField,
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        sku = cleaned.get("sku")
        twin = self._twin(sku) if sku else None
        if twin == sku and sku:
            self.add_error("sku", _("There is a piece with this SKU already."))
        elif twin is not None:
            error = _("The catalogue has this SKU as %(other)s: is it the same piece?")
            self.add_error("sku", error % {"other": twin})
        has_picture = cleaned.get("new_picture") or "new_picture" in self.errors
        if not self.instance.stem and not has_picture:
            self.add_error("new_picture", _("Choose a picture."))
        return cleaned

    def _twin(self, sku: str) -> str | None:
        """Another piece's SKU that people would take for this one."""
        other_garments = Garment.objects.filter(owner=None).exclude(pk=self.instance.pk)
        alike = other_garments.filter(matches_words(sku)).values_list("sku", flat=True)
        twins = [other for other in alike if fold(other) == fold(sku)]
        return sku if sku in twins else next(iter(twins), None)


def _advice(garment: Garment) -> list[str]:
    card = photo_advice.advise_on_garment(garment)
    return [line.advice for line in card.problems] if card else []


@admin.register(Garment)
class GarmentAdmin(PictureAdmin):
    """The catalogue; customers' own pieces are only to be looked at."""

    form = GarmentAdminForm
    list_display = ["thumbnail", "name", "kind", "sku", "owner", "retired_at"]
    list_display_links = ["thumbnail", "name"]
    list_filter = ["kind", ("owner", admin.EmptyFieldListFilter), "retired_at"]
    search_fields = ["search_text__contains", "owner__email"]
    list_select_related = ["owner"]
    fields = [
        "large",
        "check_of_picture",
        "new_picture",
        "kind",
        "name",
        "sku",
        "product_url",
        "size",
        "owner",
        "created_at",
        "retired_at",
    ]
    readonly_fields = [
        "large",
        "check_of_picture",
        "size",
        "owner",
        "created_at",
        "retired_at",
    ]
    actions = ["retire", "bring_back"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Garment], search_term: str
    ) -> tuple[QuerySet[Garment], bool]:
        search_text = typed_text.make_searchable(search_term)
        return super().get_search_results(request, queryset, search_text)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Without the admin's transaction around it.

        A file is listed before it is written, and a process killed between the two
        must not take the list with it.
        """
        return super()._changeform_view(  # type: ignore[misc]
            request, object_id, form_url, extra_context
        )

    def save_model(
        self, request: HttpRequest, obj: Garment, form: GarmentAdminForm, change: bool
    ) -> None:
        picture = form.cleaned_data.pop("new_picture", None)
        if picture is None:
            # Only these: the picture may have been replaced since the page was opened.
            obj.save(update_fields=GarmentAdminForm.Meta.fields)
            return
        services.replace_garment_picture(
            garment=obj, picture=picture, now=timezone.now()
        )
        tasks.ask_for_renditions(obj)
        for advice in _advice(obj):
            messages.warning(request, advice)

    @admin.display(description=_("check"))
    def check_of_picture(self, garment: Garment) -> SafeString | str:
        """What may cost tries: a picture that the model cannot read well."""
        if not garment.measured:
            return "–"
        lines = _advice(garment) or [str(_("Plain ground, sharp and large enough."))]
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))

    def has_change_permission(
        self, request: HttpRequest, obj: Garment | None = None
    ) -> bool:
        """A customer's own piece is theirs to change."""
        if obj is not None and obj.owner_id is not None:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Histories show them: retire instead."""
        return False

    @admin.action(
        permissions=["change"],
        description=_("Retire: histories stay, nobody can choose it"),
    )
    def retire(self, request: HttpRequest, queryset: QuerySet[Garment]) -> None:
        for garment in queryset.filter(owner=None):
            services.retire_garment(garment=garment, now=timezone.now())

    @admin.action(
        permissions=["change"], description=_("Bring back into the catalogue")
    )
    def bring_back(self, request: HttpRequest, queryset: QuerySet[Garment]) -> None:
        for garment in queryset:
            services.bring_garment_back(garment=garment)
