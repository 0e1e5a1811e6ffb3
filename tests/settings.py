"""The settings of unit tests: no .env, nothing of the shop's environment."""

import os
import tempfile

import dj_database_url

for name in [n for n in os.environ if n.startswith(("MIRAGIC_", "TRYON_", "AWS_"))]:
    del os.environ[name]
os.environ["ENV_FILE"] = ""
os.environ["DEBUG"] = "1"
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="fitting-room-tests-")

from vto_site.settings import *  # noqa: E402, F403

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.01}
if "TEST_DATABASE_URL" in os.environ:  # the same suite on PostgreSQL
    DATABASES["default"] = dj_database_url.parse(  # noqa: F405
        os.environ["TEST_DATABASE_URL"]
    )
else:
    # A file, not memory: threads of one test meet each other as processes would.
    DATABASES["default"]["TEST"] = {  # noqa: F405
        "NAME": str(DATA_DIR / "test.sqlite3")  # noqa: F405
    }
