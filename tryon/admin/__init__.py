from django.contrib import admin

from . import (  # noqa: F401
    catalogue,
    feeds,
    funnel,
    ledger,
    people,
    results,
    shop_keys,
    try_ons,
    unfinished,
    uploads,
    webhooks,
)

admin.site.site_header = "Fitting Room staff"
admin.site.site_title = "Fitting Room"
admin.site.index_title = ""
