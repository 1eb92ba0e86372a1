"""All of the site's settings, read from the environment once. Nothing else reads the environment.

Without any variable set: SQLite, files and an embedded Redis under `var/`, for one person on this machine.
"""

import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

from apps.config import env
from apps.config.local_secrets import redis_socket_in, secret_key_in

MIB = 1024 * 1024
BASE_DIR = Path(__file__).resolve().parent.parent.parent
env.load_env_file(env.folder("ENV_FILE", BASE_DIR / ".env"))

# ---- where the site writes ------------------------------------------------------------------------------------------
DATA_DIR = env.folder("DATA_DIR", BASE_DIR / "var")
MEDIA_DIR = DATA_DIR / "media"  # stored files, when not on S3
INCOMING_DIR = DATA_DIR / "incoming"  # bytes of uploads that are still arriving
MAILBOX_DIR = DATA_DIR / "mailbox"  # letters, when there is no mail server
LOG_DIR = DATA_DIR / "logs"
VOICE_DIR = env.folder("VOICE_DIR", DATA_DIR / "voices")  # the operator's Piper voices
WHISPER_DIR = env.folder("WHISPER_DIR", DATA_DIR / "whisper")  # the operator's faster-whisper model, for draft captions
CREDENTIALS_DIR = env.folder("CREDENTIALS_DIR", DATA_DIR / "credentials")  # signs videos; see docs/provenance.md
for _folder in (DATA_DIR, MEDIA_DIR, INCOMING_DIR, LOG_DIR):
    _folder.mkdir(mode=0o700, parents=True, exist_ok=True)

# ---- who may come in ------------------------------------------------------------------------------------------------
DEBUG = env.boolean("DEBUG", default=True)
TRACEBACK_PAGES = env.boolean("TRACEBACK_PAGES", default=False)  # with DEBUG: Django's error pages instead of ours
SECRET_KEY = env.secret("SECRET_KEY") or secret_key_in(DATA_DIR)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", [])  # older keys, while sessions and links move to a new one
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
# The address people type, e.g. https://lipsmith.example; links in letters from the workers start with it.
SITE_URL = env.url("SITE_URL", "", schemes=("http", "https")).rstrip("/")
HTTPS = env.boolean("HTTPS", default=not DEBUG)  # the site is reached by TLS, here or at a proxy in front
TRUST_PROXY = env.boolean("TRUST_PROXY", default=False)  # a proxy in front sets X-Forwarded-Proto and -For
HOST_COUNT = env.integer("HOST_COUNT", 1, minimum=1, maximum=1000)  # machines that share database and files

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [SITE_URL] if SITE_URL else [])
CSRF_FAILURE_VIEW = "apps.core.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS and TRUST_PROXY  # without a proxy's header nobody here could tell http from https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 30 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# ---- what the site is made of ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "apps.ops",
    "apps.studio",
    "apps.api",
    "apps.shares",
    "apps.batches",
    "apps.jobs",
    "apps.projects",
    "apps.brands",
    "apps.trust",
    "apps.billing",
    "apps.uploads",
    "apps.credits",
    "apps.accounts",
    "apps.core",
    "allauth",
    "allauth.account",
    "channels",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "apps.core.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.security_headers.SecurityHeadersMiddleware",
    "apps.core.errors.OwnErrorPagesMiddleware",
    "apps.core.static_files.StaticFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.core.errors.SiteFailureMiddleware",
]

ROOT_URLCONF = "apps.config.urls"
ASGI_APPLICATION = "apps.config.asgi.application"
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
                "apps.accounts.context_processors.account_state",
            ]
        },
    }
]

# ---- database, Redis ------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{DATA_DIR / 'lipsmith.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 5,
        "transaction_mode": "IMMEDIATE",  # a transaction that will write waits at its start instead of failing later
        # The journal is put away after 32 MB, not 4: each time, somebody's commit waits for the disk.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=8000;",
    }
elif DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # Opening a connection takes longer than most requests; one that the server has dropped is noticed and replaced.
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": 25, "timeout": 10}
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.url("REDIS_URL", "", schemes=("redis", "rediss", "unix"))
REDIS_SOCKET = None if REDIS_URL else redis_socket_in(DATA_DIR)  # `up` runs a Redis of our own there
if REDIS_SOCKET is not None:
    REDIS_URL = f"unix://{REDIS_SOCKET}"
CACHES = {
    "default": {
        "BACKEND": "apps.core.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "lipsmith",
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # Redis' client gives up reading after 5 s by itself, which is just as long as the layer waits for a message.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": 20}],
            "prefix": "lipsmith:channels",
            "capacity": 200,
            "expiry": 30,
        },
    }
}

# ---- processes ------------------------------------------------------------------------------------------------------
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, minimum=1, maximum=65535)
WEB_WORKERS = env.integer("WEB_WORKERS", 1, minimum=1, maximum=64)
INTERACTIVE_WORKERS = env.integer("INTERACTIVE_WORKERS", 1, minimum=0, maximum=64)
INTERACTIVE_THREADS = env.integer("INTERACTIVE_THREADS", 2, minimum=1, maximum=16)
RENDER_WORKERS = env.integer("RENDER_WORKERS", 1, minimum=0, maximum=64)
ENGINE_THREADS = env.integer("ENGINE_THREADS", os.cpu_count() or 1, minimum=1, maximum=256)
ENGINE_DEVICE = env.choice("ENGINE_DEVICE", "auto", ("auto", "cpu", "cuda"))
ENGINE_MEMORY_BYTES = env.integer("ENGINE_MEMORY_MB", 4096, minimum=512, maximum=1_000_000) * MIB
WORK_DIR = env.folder("WORK_DIR", DATA_DIR / "work")  # what workers need while they work; empty when nothing runs
SEGMENTS_DIR = DATA_DIR / "segments"  # what was rendered of each project, so that a change need not render all again
CLIPS_DIR = DATA_DIR / "clips"  # where the faces followed through clips are kept, for as long as the clips are

# ---- jobs -----------------------------------------------------------------------------------------------------------
FREE_RENDERS_PER_DAY = env.integer("FREE_RENDERS_PER_DAY", 10, minimum=0, maximum=1_000_000)  # per account, UTC
CONCURRENT_JOBS_MAX = env.integer("CONCURRENT_JOBS_MAX", 3, minimum=1, maximum=1000)  # per account and kind
PREVIEW_HOURS = env.integer("PREVIEW_HOURS", 24, minimum=1, maximum=24 * 365)  # spoken scripts, kept to be listened to
RETENTION_DAYS = env.integer("RETENTION_DAYS", 0, minimum=0, maximum=36500)  # finished videos; 0 keeps them for ever

# ---- files ----------------------------------------------------------------------------------------------------------
S3_BUCKET = env.text("S3_BUCKET")
S3_ENDPOINT_URL = env.url("S3_ENDPOINT_URL", "", schemes=("http", "https"))
S3_REGION = env.text("S3_REGION")
S3_ACCESS_KEY_ID = env.secret("S3_ACCESS_KEY_ID")
S3_SECRET_ACCESS_KEY = env.secret("S3_SECRET_ACCESS_KEY")
_ON_DISK = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": MEDIA_DIR, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
}
_ON_S3 = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": S3_BUCKET,
        "endpoint_url": S3_ENDPOINT_URL or None,
        "region_name": S3_REGION or None,
        "access_key": S3_ACCESS_KEY_ID or None,
        "secret_key": S3_SECRET_ACCESS_KEY or None,
        "default_acl": "private",
        "querystring_auth": True,
        "file_overwrite": False,
        "signature_version": "s3v4",
        "addressing_style": "path" if S3_ENDPOINT_URL else "virtual",  # servers other than Amazon's rarely have names
        "max_memory_size": 8 * MIB,
    },
}
_STATIC_BACKEND = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if DEBUG
    else "apps.core.static_files.SiteStaticFilesStorage"
)
STORAGES = {"default": _ON_S3 if S3_BUCKET else _ON_DISK, "staticfiles": {"BACKEND": _STATIC_BACKEND}}
FILE_UPLOAD_HANDLERS = ["apps.uploads.receiving.ReceivingUploadHandler"]
FILE_UPLOAD_TEMP_DIR = INCOMING_DIR
FILE_UPLOAD_MAX_MEMORY_SIZE = MIB  # a request's body above this goes to disk while it arrives
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_MB", 250, minimum=1, maximum=100_000) * MIB
MAX_BUYER_UPLOAD_BYTES = env.integer("MAX_BUYER_UPLOAD_MB", 2048, minimum=1, maximum=100_000) * MIB
MAX_PICTURE_BYTES = min(60 * MIB, MAX_UPLOAD_BYTES)
MAX_PICTURE_PIXELS = 100_000_000  # above this a picture is a bomb or a mistake; preflight has its own, tighter opinion
QUOTA_BYTES = env.integer("QUOTA_MB", 2048, minimum=1, maximum=100_000_000) * MIB  # per account
BUYER_QUOTA_BYTES = env.integer("BUYER_QUOTA_MB", 20480, minimum=1, maximum=100_000_000) * MIB  # that bought credits
MADE_HERE_BYTES_MAX = 64 * MIB  # what anybody may send to /made-here/
MEDIA_LINK_TTL_S = 60 * 60
MEDIA_ROOT = MEDIA_DIR

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG

# ---- accounts -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "apps.accounts.forms.SignInForm",
    "signup": "apps.accounts.forms.SignUpForm",
    "add_email": "apps.accounts.forms.AddEmailForm",
    "change_password": "apps.accounts.forms.ChangePasswordForm",
    "set_password": "apps.accounts.forms.SetPasswordForm",
    "reset_password": "apps.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "apps.accounts.forms.ResetPasswordKeyForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# A newcomer works at once; downloads for money and credits will ask for a confirmed address.
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ACCOUNT_RATE_LIMITS = {"signup": "20/m/ip,100/h/ip", "login": "30/m/ip", "login_failed": "20/m/ip,5/300s/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0

# ---- mail -----------------------------------------------------------------------------------------------------------
_EMAIL = env.email("EMAIL_URL")
EMAIL_CONFIGURED = bool(_EMAIL)
EMAIL_BACKEND = "apps.accounts.mailbox.MailboxBackend"
if _EMAIL:
    EMAIL_BACKEND = str(_EMAIL["EMAIL_BACKEND"])
    EMAIL_HOST, EMAIL_PORT = _EMAIL["EMAIL_HOST"], _EMAIL["EMAIL_PORT"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _EMAIL["EMAIL_HOST_USER"], _EMAIL["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = bool(_EMAIL.get("EMAIL_USE_TLS")), bool(_EMAIL.get("EMAIL_USE_SSL"))
DELIVERY_BACKEND = EMAIL_BACKEND  # of the worker; pages never wait for a mail server
if EMAIL_CONFIGURED:
    EMAIL_BACKEND = "apps.accounts.letters.OutboxBackend"
EMAIL_TIMEOUT = 10
_MAIL_HOST = urlsplit(SITE_URL).hostname or "localhost"
CONTACT_EMAIL = env.text("CONTACT_EMAIL", "")  # shown on the legal pages
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"Lipsmith <no-reply@{_MAIL_HOST}>")

# ---- credits and payments -------------------------------------------------------------------------------------------
SIGNUP_CREDITS = env.integer("SIGNUP_CREDITS", 30, minimum=0, maximum=1_000_000)  # once an address is confirmed
STRIPE_SECRET_KEY = env.secret("STRIPE_SECRET_KEY")  # without both keys nothing is sold, and operators grant credits
STRIPE_WEBHOOK_SECRET = env.secret("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = env.url("STRIPE_API_BASE", "https://api.stripe.com", schemes=("http", "https")).rstrip("/")
STRIPE_AUTOMATIC_TAX = env.boolean("STRIPE_AUTOMATIC_TAX", default=False)  # needs a registration at Stripe first

# ---- language, time, logs -------------------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", tuple(logging.getLevelNamesMapping()))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"job": {"()": "apps.core.logs.JobFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s job=%(job_id)s %(message)s"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "filters": ["job"], "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "stripe": {"level": "WARNING"},  # it tells every request otherwise
        # Scanners ask for names that are not ours all day long; each would leave a traceback.
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
    },
}
