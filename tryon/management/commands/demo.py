from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tryon import demo


class Command(BaseCommand):
    help = "Loads the demo catalogue and accounts; what is there already stays."

    def handle(self, *args: Any, **options: Any) -> None:
        for email, password in demo.load(timezone.now()).items():
            self.stdout.write(f"{email}  {password}")
