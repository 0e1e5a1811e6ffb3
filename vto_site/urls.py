from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("account/", include("allauth.account.urls")),
    path("", include("tryon.urls")),
]

handler404 = "tryon.views.errors.not_found"
handler500 = "tryon.views.errors.server_error"
