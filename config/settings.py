"""Every setting, from the environment (config/environment.py)."""

from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config import embedded
from config.appearance import UNFOLD as UNFOLD
from config.environment import database, env, env_bool, env_list, env_number
from config.sign_in import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent

# Data, servers and secret ------------------------------------------------------------------------

VAR_DIR = Path(env("VAR_DIR", str(BASE_DIR / "var"))).resolve()
EMBEDDED_DATABASE = not env("DATABASE_URL")
DATABASE_URL = env("DATABASE_URL") or embedded.database_url(VAR_DIR)
# "" means that nothing carries messages: tasks then run at once, in the process that sends them.
REDIS_URL = env("REDIS_URL") or embedded.redis_url(VAR_DIR)
DEBUG = env_bool("DEBUG")

SECRET_KEY = env("SECRET_KEY")
if not SECRET_KEY and not env_bool("HTTPS"):
    SECRET_KEY = embedded.local_secret(VAR_DIR)
if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY: a site in production needs a secret of its own.")

MEDIA_ROOT = Path(env("MEDIA_ROOT", str(VAR_DIR / "media")))
DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STORAGES = {
    "default": {"BACKEND": "search.disk.DurableStorage", "OPTIONS": {"location": str(MEDIA_ROOT)}},
    "staticfiles": {"BACKEND": "search.bundles.BundledStaticFilesStorage"},
}

CACHES = {
    "default": {
        "BACKEND": "config.cache.ImpatientCache",
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://"),
        "OPTIONS": {
            "serializer": "config.cache.JSONSerializer",
            "socket_connect_timeout": 0.5,
            "socket_timeout": 0.5,  # A search goes on without its vector then (config/cache.py).
        },
    }
    if REDIS_URL
    else {"BACKEND": "config.cache.LocalCache"}
}

# The library -------------------------------------------------------------------------------------

BUNDLED_CHECKPOINTS = BASE_DIR / "workers" / "checkpoints"
BUNDLED_CHECKPOINT = str(BUNDLED_CHECKPOINTS / "studio-siglip2")
ENCODER_CHECKPOINT = env("ENCODER_CHECKPOINT", BUNDLED_CHECKPOINT)
ENCODER_REVISION = env("ENCODER_REVISION")
PUBLIC_SEARCH = env_bool("PUBLIC_SEARCH")
# Whether everyone who may search sees all assets, else their own and those of their collections.
LIBRARY_OPEN = env_bool("LIBRARY_OPEN", True)
# Whether everyone who may see an asset gets its original as uploaded, position included.
SHARE_METADATA = env_bool("SHARE_METADATA")
MAX_UPLOAD_MB = env_number("MAX_UPLOAD_MB", 50)
# Megabytes that stay free on the disk of the library: below, nothing is stored any more.
MIN_FREE_MB = env_number("MIN_FREE_MB", 500)
# How long a person waits for the query's vector before lexical hits are shown instead.
QUERY_TIMEOUT_SECONDS = env_number("QUERY_TIMEOUT_SECONDS", 4)
# How long what is deleted can be restored.
# Days for which the history of everything is whole; older, the last change of each month stays.
HISTORY_DAYS = env_number("HISTORY_DAYS", 730)
TRASH_DAYS = env_number("TRASH_DAYS", 30)
CLAIM_LEASE_SECONDS = env_number("CLAIM_LEASE_SECONDS", 120)
# Days for which an invitation holds.
INVITATION_DAYS = env_number("INVITATION_DAYS", 7)
# A bell that a silent Redis lost is made good by the next: within ten seconds of its return.
BELL_SECONDS = env_number("BELL_SECONDS", 8)

# Celery ------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_ALWAYS_EAGER = not REDIS_URL
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# An error of Redis, such as "OOM command not allowed", makes a worker begin anew, not end.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
# A silent Redis costs an upload half a second, and the others of its process nothing for two more
# (config/silence.py). Timeouts of publishers; consumers wait longer (workers/consumer.py).
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
# Tried once: a connection that a restarted Redis has closed is made anew by redis-py itself.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0, "interval_start": 0, "interval_max": 0}
CELERY_BEAT_SCHEDULE = {
    "ring the bell": {
        "task": "workers.look_around.look_around",
        "schedule": BELL_SECONDS,
        "options": {"expires": BELL_SECONDS},
    },
    "remove what nothing refers to": {
        "task": "workers.tasks.cleaning.clean_up",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# Django ------------------------------------------------------------------------------------------

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
CSRF_FAILURE_VIEW = "search.views.errors.csrf_failure"
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "search.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "search"
LOGOUT_REDIRECT_URL = "sign_in"
SESSION_ENGINE = "search.access.sessions"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "axes",
    "pgtrigger",
    "pghistory",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "search",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "search.views.light.LightPages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "search.views.bodies.LimitedBodies",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "search.access.sessions.UseOfSessions",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "search.history.context.HistoryMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "search.access.second_factor.SecondFactorForStaff",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
    # The tiles and pictures, of which a page shows many (search/templatetags/tiles.py).
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {"environment": "search.templatetags.tiles.environment"},
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# After so many wrong passwords an account or an address waits: one person may try many of either.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
# Whoever goes on trying makes the wait no longer, for the person whose account it is.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_CALLABLE = "search.views.accounts.locked_out"
AXES_CLIENT_IP_CALLABLE = "search.access.addresses.client_address"
AXES_CLIENT_STR_CALLABLE = "search.access.addresses.describe_client"
# It would keep a row for each sign-in for ever.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False

FILE_UPLOAD_HANDLERS = ["search.views.upload_handler.LimitedUploadHandler"]
# In the media folder, so that an upload is moved to its place and not copied; what a killed
# process leaves is removed by the hourly cleaning.
FILE_UPLOAD_TEMP_DIR = str(MEDIA_ROOT / "uploads")
embedded.make_private(MEDIA_ROOT / "uploads")
# Maximum bytes of a request that brings no pictures from somebody who may send them.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FILES = 1000

LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env("TIME_ZONE", "UTC")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = env("STATIC_ROOT", str(VAR_DIR / "static"))
WHITENOISE_USE_FINDERS = DEBUG

# Security ----------------------------------------------------------------------------------------

HTTPS = env_bool("HTTPS")
# Without HTTPS browsers make passkeys for localhost alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        # blob: is the picture that a person has just dropped, shown before it is sent.
        "img-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "WARNING")},
    "loggers": {
        "search": {"level": env("LOG_LEVEL", "INFO")},
        "workers": {"level": env("LOG_LEVEL", "INFO")},
        "celery": {"level": env("LOG_LEVEL", "INFO")},
    },
}
