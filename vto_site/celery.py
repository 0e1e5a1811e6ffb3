"""The Celery app. Its settings, the beat schedule too, are in settings.py."""

import os

from celery import Celery

from . import broker, memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vto_site.settings")

broker.install()
memory.bound()

app = Celery("vto_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
