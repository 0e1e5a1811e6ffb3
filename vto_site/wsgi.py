import os

from django.core.wsgi import get_wsgi_application

from tryon import bodies

from . import memory
from .lifeline import die_with_parent

die_with_parent()
memory.bound()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vto_site.settings")

application = bodies.Measured(get_wsgi_application())
