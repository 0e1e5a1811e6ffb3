"""Small things templates need again and again."""

from collections.abc import Container
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from ..models import Garment, Photo, Result, Status, TryOn, User
from ..presentation import texts
from ..services import quotas
from ..web import framing, poll_token

register = template.Library()

# The widths that a tile has in the grids of static/css.
SIZES = "(min-width:1280px) 226px, (min-width:768px) 31vw, 46vw"


@register.simple_tag
def icon(name: str, size: int = 24) -> SafeString:
    """A decorative icon; the word beside it says what it means."""
    return format_html(
        '<svg class="icon" width="{}" height="{}" aria-hidden="true">'
        '<use href="{}#{}"></use></svg>',
        size,
        size,
        static("img/icons.svg"),
        name,
    )


@register.inclusion_tag("_partials/picture.html")
def picture(
    row: Photo | Garment | Result,
    alt: str = "",
    eager: bool = False,
    sizes: str = SIZES,
) -> dict[str, object]:
    """An `img` with renditions, its size and its colour before it has loaded."""
    return {"row": row, "alt": alt, "eager": eager, "sizes": sizes}


@register.filter
def advice(try_on: TryOn) -> texts.Advice | None:
    return texts.find_advice(try_on)


@register.filter
def is_new(try_on: TryOn) -> bool:
    result = try_on.visible_result
    return result is not None and result.seen_at is None


@register.filter
def state_word(try_on: TryOn) -> texts.Text:
    """What a customer calls the state."""
    if try_on.status == Status.COMPLETED and try_on.visible_result is None:
        hidden = getattr(try_on, "result", None)
        if hidden is not None and hidden.is_hidden:
            return texts.explain_hidden(hidden.hide_reason)
        return texts.BEING_CHECKED
    return Status(try_on.status).label


@register.filter
def garments(try_on: TryOn) -> list[Garment]:
    return [g for g in (try_on.garment, try_on.bottom_garment) if g is not None]


@register.filter
def keep_garments(try_on: TryOn) -> str:
    """The clothes as a query for the compose page."""
    return urlencode({g.slot: g.pk for g in garments(try_on)})


@register.filter(name="poll_token")
def sign_poll(owner: User | None) -> str:
    return poll_token.sign_owner(owner)


@register.filter
def is_in(value: object, many: Container[object]) -> bool:
    return value in many


@register.filter
def when(at: datetime) -> str:
    """ "at 16:40" or "tomorrow at 16:40"."""
    return quotas.describe_moment(at, timezone.now())


@register.filter
def percent(share: float) -> int:
    return round(share * 100)


@register.simple_tag
def goes_in(row: Photo | Garment | TryOn) -> str:
    """ "Deleted in 6 days", where the shop keeps pictures for so many days only."""
    days = settings.TRYON_RETENTION_DAYS
    if not days:
        return ""
    left = row.created_at + timedelta(days=days) - timezone.now()
    n = max(-(-int(left.total_seconds()) // 86400), 0)
    return ngettext("Deleted in %(n)d day", "Deleted in %(n)d days", n) % {"n": n}


@register.simple_tag(takes_context=True)
def link_outside(context: template.Context, name: str) -> SafeString:
    """What an `a` needs to lead to a page that is not in the shop's frame."""
    if not context.get("framed"):
        return format_html('href="{}"', reverse(name))
    address = framing.find_outside(name)
    return format_html('href="{}" target="_blank" rel="noopener"', address)


@register.simple_tag
def bar_x(number: float, step: float) -> str:
    """Where in an SVG the `number`th bar is; points, whatever the language."""
    return f"{number * step:.1f}"


@register.simple_tag
def bar_y(height: float, ground: float) -> str:
    return f"{ground - height:.1f}"
