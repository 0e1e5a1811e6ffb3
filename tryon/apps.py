from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TryonConfig(AppConfig):
    name = "tryon"
    verbose_name = _("Fitting room")

    def ready(self) -> None:
        from . import checks, signals, tracing  # noqa: F401
