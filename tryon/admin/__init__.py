from django.contrib import admin

from . import catalogue, ledger, people, results, try_ons, uploads  # noqa: F401

admin.site.site_header = "Fitting Room staff"
admin.site.site_title = "Fitting Room"
admin.site.index_title = ""
