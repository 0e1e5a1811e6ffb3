"""The least that Django can answer under the same server, to compare pages with."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="bench"
)
urlpatterns = [path("", lambda request: HttpResponse("hello"))]
application = get_wsgi_application()
