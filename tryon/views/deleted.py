"""What is said after a deletion: that it is done, and the receipt's number."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ..models import DeletionReceipt


def deleted(request: HttpRequest, sentence: str, receipt: DeletionReceipt) -> None:
    number = _("Receipt %(number)s") % {"number": receipt.number}
    messages.success(request, f"{sentence} {number}.")
