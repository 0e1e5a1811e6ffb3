from django.urls import path, re_path

from .views import account, compose, gallery, garments, media, pages, photos, try_ons

urlpatterns = [
    path("", pages.home, name="home"),
    path("readyz", pages.readyz, name="readyz"),
    path("privacy/", pages.privacy, name="privacy"),
    path("try-on/", compose.compose, name="compose"),
    path("try-on/updates/", try_ons.updates, name="updates"),
    path("try-on/<uuid:pk>/", try_ons.detail, name="try_on"),
    path("try-on/<uuid:pk>/receipt/", try_ons.receipt, name="receipt"),
    path("try-on/<uuid:pk>/cancel/", try_ons.cancel, name="cancel_try_on"),
    path("try-on/<uuid:pk>/retry/", try_ons.retry, name="retry_try_on"),
    path("try-on/<uuid:pk>/send-again/", try_ons.send_again, name="send_again"),
    path("try-on/<uuid:pk>/delete/", try_ons.delete, name="delete_try_on"),
    path("try-on/<uuid:pk>/download/", try_ons.download, name="download_try_on"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("photos/", photos.photos, name="photos"),
    path("photos/<uuid:pk>/", photos.photo, name="photo"),
    path("photos/<uuid:pk>/report/", photos.report, name="photo_report"),
    path("photos/<uuid:pk>/repair/", photos.repair, name="repair_photo"),
    path("photos/<uuid:pk>/delete/", photos.delete, name="delete_photo"),
    path("garments/", garments.garments, name="garments"),
    path("garments/<uuid:pk>/delete/", garments.delete, name="delete_garment"),
    path("account/", account.account, name="account"),
    re_path(r"^media/(?P<name>[A-Za-z0-9_.-]+)$", media.media, name="media"),
]
