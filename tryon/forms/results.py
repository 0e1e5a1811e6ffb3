"""What is said about a result: a report, a share, a vote."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models.result import ReportReason
from .fields import LineField


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=ReportReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what is wrong.")},
    )
    text = LineField(
        label=_("Anything else (if you like)"), max_length=500, required=False
    )


class ShareForm(forms.Form):
    days = forms.TypedChoiceField(
        label=_("Ends after"),
        choices=[(1, _("1 day")), (7, _("7 days")), (30, _("30 days"))],
        coerce=int,
        initial=7,
        widget=forms.RadioSelect,
    )
    with_photo = forms.BooleanField(label=_("Show my photo too"), required=False)


class VoteForm(forms.Form):
    vote = forms.ChoiceField(
        label=_("Yes or no?"),
        choices=[("up", _("Yes")), ("down", _("No"))],
        error_messages={"required": _("Say yes or no.")},
    )
    comment = LineField(
        label=_("Say something short (if you like)"), max_length=140, required=False
    )
