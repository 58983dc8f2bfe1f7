"""Every setting, from the environment, with a default or a loud failure."""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

from config import embedded

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def env_bool(name: str, default: bool = False) -> bool:
    value = env(name, str(default)).lower()
    if value not in {"true", "false", "1", "0", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in {"true", "1", "yes"}


def env_number(name: str, default: float) -> float:
    value = env(name, str(default))
    try:
        number = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}.") from None
    if not 0 < number < float("inf"):
        raise ImproperlyConfigured(f"{name} must be greater than 0, not {value!r}.")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in env(name, default).split(",") if item.strip()]


def database(url: str) -> dict[str, object]:
    """Django's spelling of a postgresql:// URL."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgresql://user:password@host:5432/name."
        )
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 3600,  # Seconds. The first page of a new one takes 32 ms more.
        "OPTIONS": options | {"connect_timeout": 5},
    }


def admin_link(title: str, icon: str, model: str) -> dict[str, object]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:search_{model}_changelist"),
    }


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
CLAIM_LEASE_SECONDS = env_number("CLAIM_LEASE_SECONDS", 120)
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
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

UNFOLD = {
    "SITE_TITLE": "Sightline",
    "SITE_HEADER": "Sightline",
    "SITE_URL": reverse_lazy("search"),
    "SITE_SYMBOL": "image_search",
    "SITE_FAVICONS": [{"rel": "icon", "href": lambda request: static("search/favicon.svg")}],
    "STYLES": [lambda request, n=n: static(f"search/{n}.css") for n in ("tokens", "admin")],
    "SCRIPTS": [lambda request: static("search/admin_theme.js")],
    # The colours of the pages (tokens.css) on Unfold's scales: of the greys light pages take the
    # first and dark ones the last; the accent, lighter and darker.
    "COLORS": {
        "base": {
            "50": "#faf9f7",
            "100": "#eeece8",
            "200": "#e0ddd7",
            "300": "#c6c2bb",
            "400": "#a9a59d",
            "500": "#7f7b74",
            "600": "#65615a",
            "700": "#4a4743",
            "800": "#383633",
            "900": "#161514",
            "950": "#0e0d0c",
        },
        "font": {
            "subtle-light": "#65615a",
            "subtle-dark": "#a9a59d",
            "default-light": "#4a4743",
            "default-dark": "#c6c2bb",
            "important-light": "#1e1d1a",
            "important-dark": "#eeece8",
        },
        "primary": {
            "50": "#eef3fc",
            "100": "#dbe5f9",
            "200": "#bcd0f4",
            "300": "#8fb1ff",
            "400": "#6b93ea",
            "500": "#4c7ae0",
            "600": "#2a57c4",
            "700": "#2347a1",
            "800": "#1f3c82",
            "900": "#1d3469",
            "950": "#142142",
        },
    },
    "SIDEBAR": {
        "navigation": [
            {
                "title": "Library",
                "items": [
                    admin_link("Assets", "photo_library", "asset"),
                    admin_link("Collections", "folder", "collection"),
                    admin_link("Labels", "sell", "label"),
                    admin_link("Suggestions", "new_label", "assetlabel"),
                ],
            },
            {
                "title": "Comparison",
                "items": [
                    {
                        "title": "Compare encoders",
                        "icon": "view_column",
                        "link": reverse_lazy("compare"),
                    },
                    admin_link("Preferences", "balance", "preference"),
                    admin_link("Judgements", "thumbs_up_down", "judgement"),
                ],
            },
            {
                "title": "Workers",
                "items": [
                    admin_link("Encoders", "neurology", "encoder"),
                    admin_link("Training", "model_training", "trainingrun"),
                    admin_link("Evaluations", "monitoring", "evaluation"),
                    admin_link("Failed embeddings", "error", "embedding"),
                    admin_link("Failed renditions", "broken_image", "rendition"),
                ],
            },
            {
                "title": "Accounts",
                "items": [
                    admin_link(*link) | {"permission": lambda request: request.user.is_superuser}
                    for link in (("Users", "person", "user"), ("Groups", "group", "group"))
                ],
            },
        ]
    },
}
