from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from tryon import demo


class Command(BaseCommand):
    help = (
        "Loads the demo catalogue and accounts once; never resets or brings back an "
        "account that was changed or deleted."
    )

    def handle(self, *args: object, **options: object) -> None:
        if not settings.MIRAGIC_SANDBOX:
            raise CommandError("The demo is for the sandbox, and there is a key.")
        demo.load(timezone.now())
        for email, password in demo.log_ins().items():
            self.stdout.write(f"{email}  {password}")
