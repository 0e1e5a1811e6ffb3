from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TryonConfig(AppConfig):
    name = "tryon"
    verbose_name = _("Fitting room")

    def ready(self) -> None:
        from vto_site import log_context  # noqa: F401

        from . import checks  # noqa: F401
        from .accounts import signals  # noqa: F401
