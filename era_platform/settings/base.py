"""What is the same wherever the platform runs; every value that may differ comes from the environment."""

import logging
from pathlib import Path

import environ
from django.utils.translation import gettext_lazy as _

from era_platform.logging import logging_configuration

BASE_DIR = Path(__file__).resolve().parent.parent.parent
# Any variable may be kept in a file instead, named by the same with _FILE: secrets of a Swarm are files.
env = environ.FileAwareEnv()

# --- where things are -------------------------------------------------------------------------
ERA_DATA_DIR = Path(env("ERA_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
ERA_STORAGE_ROOT = Path(env("ERA_STORAGE_ROOT", default=str(ERA_DATA_DIR / "storage"))).resolve()
ERA_ENGINE = env("ERA_ENGINE", default="process")
ERA_JOB_ENV = Path(env("ERA_JOB_ENV", default=str(BASE_DIR / ".venv-jobs"))).resolve()
ERA_RUNNER = Path(env("ERA_RUNNER", default=str(BASE_DIR / "jobs/engines/runner/era-runner")))
ERA_DOCKER_HOST = env("ERA_DOCKER_HOST", default="unix:///var/run/docker.sock")
ERA_PUBLIC_URL = env("ERA_PUBLIC_URL", default="http://localhost:8000")
ERA_EMBEDDED = False
# Where the proxy in front serves ERA_STORAGE_ROOT to whom the portal sends there, such as /_storage/.
ERA_ACCEL_PREFIX = env("ERA_ACCEL_PREFIX", default="")

# --- limits -----------------------------------------------------------------------------------
ERA_CODE_ARCHIVE_MAX_BYTES = env.int("ERA_CODE_ARCHIVE_MAX_BYTES", default=64 * 1024 * 1024)
ERA_CODE_UNPACKED_MAX_BYTES = env.int("ERA_CODE_UNPACKED_MAX_BYTES", default=1024 * 1024 * 1024)
ERA_CODE_MAX_FILES = env.int("ERA_CODE_MAX_FILES", default=20_000)
ERA_BATCH_MAX_BYTES = env.int("ERA_BATCH_MAX_BYTES", default=16 * 1024 * 1024)
ERA_DATASET_QUOTA_BYTES = env.int("ERA_DATASET_QUOTA_BYTES", default=100 * 1024**3)
ERA_DATASET_MAX_FILES = env.int("ERA_DATASET_MAX_FILES", default=1_000_000)
ERA_DATASET_PUT_MAX_BYTES = env.int("ERA_DATASET_PUT_MAX_BYTES", default=64 * 1024 * 1024)
ERA_DATASET_ARCHIVE_MAX_BYTES = env.int("ERA_DATASET_ARCHIVE_MAX_BYTES", default=4 * 1024**3)
ERA_UPLOAD_KEPT_HOURS = env.int("ERA_UPLOAD_KEPT_HOURS", default=48)
ERA_STORAGE_MIN_FREE_BYTES = env.int("ERA_STORAGE_MIN_FREE_BYTES", default=100 * 1024 * 1024)
# Of jobs on the process engine; a job's user is ERA_JOB_UID_BASE + the organization's number.
ERA_JOB_UID_BASE = env.int("ERA_JOB_UID_BASE", default=200_000)
ERA_JOB_MAX_PROCESSES = env.int("ERA_JOB_MAX_PROCESSES", default=4096)
ERA_UNIT_MAX_PROCESSES = env.int("ERA_UNIT_MAX_PROCESSES", default=1024)
ERA_JOB_OUTSIDE = env.bool("ERA_JOB_OUTSIDE", default=False)
ERA_JOB_NETWORK = env.bool("ERA_JOB_NETWORK", default=False)
ERA_GPU_RESOURCE = env("ERA_GPU_RESOURCE", default="NVIDIA-GPU")
ERA_NODE_GRACE_SECONDS = env.int("ERA_NODE_GRACE_SECONDS", default=30)
ERA_REPLAN_AHEAD_SECONDS = env.int("ERA_REPLAN_AHEAD_SECONDS", default=6 * 3600)
ERA_STAGING_STALL_SECONDS = env.int("ERA_STAGING_STALL_SECONDS", default=60)
# The most, in credits, that somebody in support gives back or credits in one go.
ERA_SUPPORT_REFUND_LIMIT = env("ERA_SUPPORT_REFUND_LIMIT", default="100")
# The most, in credits, that one operator puts into wallets within a day without another one's approval.
ERA_TOP_UP_APPROVAL_ABOVE = env("ERA_TOP_UP_APPROVAL_ABOVE", default="1000")
# How much CPU, GPU and memory count in what machines are used; they add up to 1.
ERA_UTILISATION_RATIOS = env("ERA_UTILISATION_RATIOS", default="0.4,0.4,0.2")
# Paying for credits: on where both keys are given; a file may end with a newline, a key doesn't. The price is of one
# credit, in the currency's smallest unit.
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="").strip()
STRIPE_WEBHOOK_SECRET = env("STRIPE_WEBHOOK_SECRET", default="").strip()
STRIPE_API_BASE = env("STRIPE_API_BASE", default="")
ERA_CREDIT_PRICE_CENTS = env.int("ERA_CREDIT_PRICE_CENTS", default=100)
ERA_CREDIT_CURRENCY = env("ERA_CREDIT_CURRENCY", default="eur")
ERA_WEBHOOK_PRIVATE = env.bool("ERA_WEBHOOK_PRIVATE", default=False)
ERA_INVITATION_DAYS = env.int("ERA_INVITATION_DAYS", default=7)

DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CSRF_FAILURE_VIEW = "era_platform.common.error_views.csrf_failure"
ROOT_URLCONF = "era_platform.urls"
ASGI_APPLICATION = "era_platform.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "accounts.apps.OperatorAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "channels",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_htmx",
    "django_structlog",
    "era_platform",
    "accounts",
    "notifications",
    "pricing",
    "datasets",
    "images",
    "jobs",
    "billing",
    "desk",
]

MIDDLEWARE = [
    "era_platform.request_log.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "era_platform.common.error_views.ProblemMiddleware",
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
                "django.template.context_processors.i18n",
                "accounts.context_processors.organizations",
                "desk.context_processors.banners",
            ],
        },
    },
]

# --- data -------------------------------------------------------------------------------------
# A pool of connections for web processes: under ASGI each request runs in a thread of its own,
# so that connections kept per thread would never be used twice.
DATABASE_POOL = env.bool("DATABASE_POOL", default=False)
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgres:///era")}
DATABASES["default"]["CONN_MAX_AGE"] = 0 if DATABASE_POOL else 600
# One question more per request, and none fails on a connection that a restart of the server has cut.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASE_PREPARE = env.bool("DATABASE_PREPARE", default=True)
if DATABASE_PREPARE:
    # PostgreSQL plans a statement that comes again and again only once for each connection.
    prepared = {"server_side_binding": True, "prepare_threshold": 5}
    DATABASES["default"].setdefault("OPTIONS", {}).update(prepared)
if DATABASE_POOL:
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 2,
        "max_size": env.int("DATABASE_POOL_SIZE", default=16),
        "timeout": 10,
    }

# Counts sign-in attempts and remembers codes that were used: for all web processes together, and not
# dependent on the broker, without which people can still sign in.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "era_cache"}}

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
}

# --- people -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# E-mail addresses are unique whatever their case, by a constraint that this check does not know.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "accounts.staff.RoleBackend",
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
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = env("ACCOUNT_EMAIL_VERIFICATION", default="optional")
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "ERA Platform"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="ERA Platform <noreply@localhost>")

# --- pages ------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "era_platform" / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = Path(env("ERA_STATIC_ROOT", default=str(BASE_DIR / "static" / "collected")))
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS = [("site", BASE_DIR / "static" / "site")]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "era_platform.staticfiles.NpmFinder",
]
NPM_FILES = {
    "vendor/tabler": ("@tabler/core/dist", ["css/tabler.min.css", "js/tabler.min.js"]),
    "vendor/plex": (
        "@fontsource-variable/ibm-plex-sans",
        [
            "wght.css",
            *(
                f"files/ibm-plex-sans-{subset}-wght-normal.woff2"
                for subset in ("cyrillic", "cyrillic-ext", "greek", "latin", "latin-ext", "vietnamese")
            ),
        ],
    ),
    "vendor/htmx": ("htmx.org/dist", ["htmx.min.js"]),
    "vendor/idiomorph": ("idiomorph/dist", ["idiomorph-ext.min.js"]),
    "vendor/noble-hashes": ("@noble/hashes", ["sha2.js", "_md.js", "_u64.js", "utils.js"]),
    "vendor/uplot": ("uplot/dist", ["uPlot.esm.js", "uPlot.min.css"]),
    "vendor/xterm": ("@xterm/xterm", ["lib/xterm.mjs", "css/xterm.css"]),
    "vendor/xterm-fit": ("@xterm/addon-fit", ["lib/addon-fit.mjs"]),
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "era_platform.staticfiles.HashedStorage"},
}
WHITENOISE_MIMETYPES = {".mjs": "text/javascript"}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "media-src": ["'self'"],
        "worker-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.authentication.HasToken"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "era_platform.common.pagination.PagePagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["era_platform.common.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "era_platform.common.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ERA Platform",
    "DESCRIPTION": "Submit training jobs and get a binding start time and price at once. See docs/api.md.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "displayRequestDuration": True, "validatorUrl": None},
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "JobState": "jobs.api.serializers.STATES",
        "Reason": "pricing.domain.Reason",
        "TransferKind": "accounts.models.Transfer.Kind",
        "VersionState": "datasets.api.serializers.VERSION_STATES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "era_platform.common.openapi.add_problems",
    ],
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- background work --------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
# The database is the queue, and beat says every second what to look for in it: a message lost with its
# worker or its broker costs a second. So nothing is kept to be delivered again, which is also what a
# worker would trip over when the broker it gives messages back to has gone.
CELERY_TASK_ACKS_LATE = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"ack_emulation": False, "socket_connect_timeout": 2, "socket_keepalive": True}
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"

# --- what it says of itself -------------------------------------------------------------------
ERA_LOG_LEVEL = env("ERA_LOG_LEVEL", default="INFO")
LOGGING = logging_configuration(env("ERA_LOG_FORMAT", default="json"), ERA_LOG_LEVEL)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # after RequestLog has looked at it
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL = logging.INFO
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
ERA_METRICS_TOKEN = env("ERA_METRICS_TOKEN", default="")
ERA_SIGN_OF_LIFE = env("ERA_SIGN_OF_LIFE", default="")
