"""Settings of the fitting room; every value a shop may set comes from `env`.

``.env.example`` explains each variable. Nothing set at all runs on SQLite, an
embedded broker, the local disk and the sandbox, but only with DEBUG=1.
"""

from pathlib import Path
from urllib.parse import urlsplit

import dj_email_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from . import databases, private, schedule, sentry, theme
from .env import BASE_DIR, Env

env = Env.load()

# --- core -------------------------------------------------------------------

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret("SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. 'make run' writes a .env with a fresh one; in "
            "production set SECRET_KEY (or SECRET_KEY_FILE) in the environment."
        )
    SECRET_KEY = "insecure-development-key-with-debug-only"  # noqa: S105
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")

SITE_NAME = env.text("SITE_NAME", "Fitting Room")
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, minimum=1)
SITE_URL = env.text("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
SECURE = SITE_URL.startswith("https://")

ALLOWED_HOSTS = env.items("ALLOWED_HOSTS") or [
    "127.0.0.1",
    "localhost",
    "[::1]",
    urlsplit(SITE_URL).hostname or "",
]
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS") or [SITE_URL]
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var"))).resolve()
BROKER_DIR = DATA_DIR / "broker"
_broker_folders = (BROKER_DIR / name for name in ("messages", "taken", "control"))
private.make_private(DATA_DIR, DATA_DIR / "media", *_broker_folders)

ROOT_URLCONF = "vto_site.urls"
WSGI_APPLICATION = "vto_site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "ninja",
    "tryon",
]

MIDDLEWARE = [
    "tryon.middleware.HealthMiddleware",
    "tryon.middleware.ApiMiddleware",
    "tryon.middleware.FrameMiddleware",
    "tryon.middleware.EdgeMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "tryon.middleware.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tryon.middleware.FrameSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tryon.middleware.ZoneMiddleware",
    "tryon.middleware.OwnerMiddleware",
    "tryon.middleware.ExceptionMiddleware",
    "ninja.compatibility.files.fix_request_files_middleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tryon.context_processors.site",
            ],
        },
    },
]

# --- database, cache ----------------------------------------------------------

DATABASES = {"default": databases.parse_database(env.secret("DATABASE_URL"), DATA_DIR)}
CACHES = databases.parse_caches(env.secret("CACHE_URL"))

# --- storage, static files ----------------------------------------------------

AWS_STORAGE_BUCKET_NAME = env.text("AWS_STORAGE_BUCKET_NAME")
AWS_S3_ENDPOINT_URL = env.text("AWS_S3_ENDPOINT_URL") or None
_media: dict[str, object] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    # No base_url: there is no public address, views/media.py serves each file.
    "OPTIONS": {
        "location": DATA_DIR / "media",
        "base_url": None,
        "file_permissions_mode": 0o600,
        # Names are random; only renditions are ever written twice.
        "allow_overwrite": True,
    },
}
if AWS_STORAGE_BUCKET_NAME:
    _media = {
        "BACKEND": "vto_site.storage.MediaStorage",
        "OPTIONS": {
            "bucket_name": AWS_STORAGE_BUCKET_NAME,
            "endpoint_url": AWS_S3_ENDPOINT_URL,
            "access_key": env.secret("AWS_ACCESS_KEY_ID") or None,
            "secret_key": env.secret("AWS_SECRET_ACCESS_KEY") or None,
            "region_name": env.text("AWS_S3_REGION_NAME") or None,
            "addressing_style": env.text("AWS_S3_ADDRESSING_STYLE", "auto"),
            "signature_version": "s3v4",
            "querystring_auth": True,
            "default_acl": None,
            "file_overwrite": True,
        },
    }

MEDIA_IS_LOCAL = not AWS_STORAGE_BUCKET_NAME

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticroot"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": _media,
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "vto_site.storage.StaticStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# --- people -------------------------------------------------------------------

AUTH_USER_MODEL = "tryon.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "compose"
ACCOUNT_ADAPTER = "tryon.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"{SITE_NAME}: "
ACCOUNT_FORMS = {
    "login": "tryon.accounts.forms.SignInForm",
    "signup": "tryon.accounts.forms.SignUpForm",
    "add_email": "tryon.accounts.forms.ChangeEmailForm",
    "change_password": "tryon.accounts.forms.ChangePasswordForm",
    "reset_password": "tryon.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "tryon.accounts.forms.ResetPasswordKeyForm",
    "reauthenticate": "tryon.accounts.forms.PasswordAgainForm",
}
MFA_ADAPTER = "tryon.accounts.adapter.MFAAdapter"
MFA_TOTP_TOLERANCE = 1  # a code that has just changed still counts
MFA_FORMS = {
    "authenticate": "tryon.accounts.forms.CodeForm",
    "reauthenticate": "tryon.accounts.forms.CodeAgainForm",
    "activate_totp": "tryon.accounts.forms.ActivateForm",
}

# --- security -----------------------------------------------------------------

SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^readyz$", r"^metrics$"]  # asked for inside, by http
# Browsers believe it for so long, whatever is said later: an operator decides how far.
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 365 * 24 * 3600) if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE and env.flag("HSTS_SUBDOMAINS")
SECURE_HSTS_PRELOAD = SECURE and env.flag("HSTS_PRELOAD")
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # which would be both
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
)
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "tryon.views.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"

_images = [SELF, "blob:", "data:"]
if AWS_STORAGE_BUCKET_NAME and AWS_S3_ENDPOINT_URL:
    _endpoint = urlsplit(AWS_S3_ENDPOINT_URL)
    _images.append(f"{_endpoint.scheme}://{_endpoint.netloc}")
elif AWS_STORAGE_BUCKET_NAME:
    _images.append(f"https://{AWS_STORAGE_BUCKET_NAME}.s3.amazonaws.com")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": _images,
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- language, time -------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("nl", "Nederlands"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_TZ = True

# --- e-mail, logging ------------------------------------------------------------

globals().update(dj_email_url.parse(env.secret("EMAIL_URL") or "console://"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"{SITE_NAME} <noreply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

LOG_FORMAT = env.choice("LOG_FORMAT", ("text", "json"), "text")
# A line a page and a request to the API: for machines to read.
LINE_LEVEL = "INFO" if LOG_FORMAT == "json" else "WARNING"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"format": "%(levelname)s %(name)s %(message)s"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s "
            "%(task)s %(try_on)s",
            "rename_fields": {"asctime": "time", "levelname": "level"},
        },
    },
    "filters": {
        "keys": {"()": "tryon.miragic.redact.RedactKeys"},
        "context": {"()": "vto_site.log_context.AddContext"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["keys", "context"],
        }
    },
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        # Each task and each message at INFO would drown what matters at 3 a.m.
        "celery": {"level": "WARNING"},
        "celery.worker.consumer.connection": {"level": "INFO"},
        "kombu": {"level": "WARNING"},
        # Django's own console handler would say everything twice.
        "django": {"handlers": ["console"], "propagate": False, "level": "INFO"},
        "django.server": {"level": "WARNING"},
        # Not a line for whatever robots ask for.
        "django.request": {"level": "ERROR"},
        "tryon.requests": {"level": LINE_LEVEL},
        "tryon.pipeline.budget": {"level": LINE_LEVEL},
    },
}

METRICS_TOKEN = env.secret("METRICS_TOKEN")
SENTRY_DSN = env.secret("SENTRY_DSN")
if SENTRY_DSN:
    sentry.report_to(SENTRY_DSN)

# --- the try-on API ---------------------------------------------------------------

SANDBOX_KEY = "sk_live_" + "sandbox".ljust(43, "0")
MIRAGIC_API_KEYS = env.items("MIRAGIC_API_KEYS") or [SANDBOX_KEY]
MIRAGIC_SANDBOX = MIRAGIC_API_KEYS == [SANDBOX_KEY]
MIRAGIC_BASE_URL = env.text(
    "MIRAGIC_BASE_URL",
    f"http://127.0.0.1:{PORT + 1}" if MIRAGIC_SANDBOX else "https://backend.miragic.ai",
).rstrip("/")
MIRAGIC_BASE_URL_WITHOUT_KEYS = MIRAGIC_SANDBOX and bool(env.text("MIRAGIC_BASE_URL"))
MIRAGIC_RATE_LIMIT = env.integer("MIRAGIC_RATE_LIMIT", 60, minimum=1)
MIRAGIC_RATE_WINDOW = env.number("MIRAGIC_RATE_WINDOW", 60, minimum=1)
MIRAGIC_EXPECTED_SECONDS = env.number("MIRAGIC_EXPECTED_SECONDS", 20, minimum=1)
MIRAGIC_GIVE_UP_SECONDS = env.number("MIRAGIC_GIVE_UP_SECONDS", 600, minimum=1)
MIRAGIC_RESEND_UNCONFIRMED = env.number("MIRAGIC_RESEND_UNCONFIRMED", 0)
MIRAGIC_TIME_SCALE = env.number("MIRAGIC_TIME_SCALE", 1, minimum=0.01)
MIRAGIC_CREDIT_PRICE = env.number("MIRAGIC_CREDIT_PRICE", 0)

# --- limits -----------------------------------------------------------------------

TRYON_DAILY_LIMIT = env.integer("TRYON_DAILY_LIMIT", 20)
TRYON_SHOP_DAILY_LIMIT = env.integer("TRYON_SHOP_DAILY_LIMIT", 0)
TRYON_GUESTS = env.flag("TRYON_GUESTS", True)
TRYON_GUEST_LIMIT = env.integer("TRYON_GUEST_LIMIT", 3)
TRYON_RETENTION_DAYS = env.integer("TRYON_RETENTION_DAYS", 0)
TRYON_REVIEW = env.choice("TRYON_REVIEW", ("off", "flagged", "all"), "off")
TRYON_MAX_UPLOAD_MB = env.number("TRYON_MAX_UPLOAD_MB", 25, minimum=0.1)
TRYON_MAX_MEGAPIXELS = env.number("TRYON_MAX_MEGAPIXELS", 64, minimum=0.1)
TRYON_API_RATE = env.integer("TRYON_API_RATE", 600, minimum=1)  # a minute, a shop key
TRYON_RETURN_HOSTS = env.items("TRYON_RETURN_HOSTS")
TRYON_THEME = theme.build_theme(
    accent=env.text("TRYON_THEME_ACCENT"),
    radius=env.number("TRYON_THEME_RADIUS", theme.HOUSE_RADIUS),
    typeface=env.text("TRYON_THEME_TYPEFACE"),
    logo=env.text("TRYON_THEME_LOGO"),
)
TRYON_EMBED_ORIGINS = env.origins("TRYON_EMBED_ORIGINS", loopback=DEBUG)
MAX_BODY_MB = 3 * TRYON_MAX_UPLOAD_MB + 1  # a photo, a top and a bottom in one form
MAX_STAFF_BODY_MB = max(MAX_BODY_MB, 512)  # a zip of the catalogue

# --- Celery -------------------------------------------------------------------------

CELERY_BROKER_URL = env.secret("CELERY_BROKER_URL") or "filesystem://localhost/"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
# Fetch what 16 threads can do; planned requests wait in the timer beside them.
CELERY_WORKER_PREFETCH_MULTIPLIER = 4
# The default of 1 s would send planned requests half a second late on average.
CELERY_WORKER_TIMER_PRECISION = 0.02 / max(MIRAGIC_TIME_SCALE, 1)
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_DB_REUSE_MAX = 10**9  # never by Celery: vto_site.celery has Django's rule
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
if CELERY_BROKER_URL.startswith("filesystem:"):  # vto_site.broker
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "processed_folder": str(BROKER_DIR / "taken"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": max(0.1 / MIRAGIC_TIME_SCALE, 0.01),
    }
elif CELERY_BROKER_URL.startswith("redis"):  # one that hangs is one that is away
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5}

# In memory: a schedule file would be one more thing to lose or to lock.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = max(1 / MIRAGIC_TIME_SCALE, 0.05)
CELERY_BEAT_SCHEDULE = schedule.build_schedule(MIRAGIC_TIME_SCALE)
