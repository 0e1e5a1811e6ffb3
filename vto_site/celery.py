"""The Celery app. Its settings, the beat schedule too, are in settings.py."""

import os

from celery import Celery, signals
from django.db import close_old_connections

from . import broker, malloc

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vto_site.settings")

broker.install()
malloc.limit_memory()

app = Celery("vto_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Around a task as around a request: what is broken or old goes, the rest is used again.
signals.task_prerun.connect(close_old_connections)
signals.task_postrun.connect(close_old_connections)
