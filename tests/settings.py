"""The settings of unit tests: no .env, nothing of the shop's environment.

TEST_DATABASE_URL, TEST_CACHE_URL and TEST_AWS_* run the same suite on other parts:
``python -m tests.servers pytest`` starts them.
"""

import os
import tempfile

for name in [n for n in os.environ if n.startswith(("MIRAGIC_", "TRYON_", "AWS_"))]:
    del os.environ[name]
for name in ("DATABASE_URL", "CACHE_URL", "CELERY_BROKER_URL"):
    os.environ.pop(name, None)
PARTS = {n[5:]: os.environ[n] for n in os.environ if n.startswith("TEST_")}
os.environ.update(PARTS)
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
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.01}
if "DATABASE_URL" not in PARTS:
    # A file, not memory: threads of one test meet each other as processes would.
    DATABASES["default"]["TEST"] = {  # noqa: F405
        "NAME": str(DATA_DIR / "test.sqlite3")  # noqa: F405
    }
