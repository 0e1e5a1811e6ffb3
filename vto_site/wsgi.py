import os

from django.core.wsgi import get_wsgi_application

from .lifeline import die_with_parent

die_with_parent()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vto_site.settings")

application = get_wsgi_application()
