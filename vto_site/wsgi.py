import os

from django.core.wsgi import get_wsgi_application

from tryon.web import request_bodies

from . import malloc
from .parent_death import die_with_parent

die_with_parent()
malloc.limit_memory()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vto_site.settings")

application = request_bodies.Measured(get_wsgi_application())
