from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Hashed names inside JavaScript imports too, or a module would load twice."""

    support_js_module_import_aggregation = True
