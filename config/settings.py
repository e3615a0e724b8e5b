"""Django's settings, all of them from the environment; `.env.example` explains each variable."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from whitenoise.compress import Compressor

from config import archives, database, development, document, mail, resolvers, tax
from config import env as settings_reader
from config.env import UnsafeSetting
from public_apps.core import logs, scrubbing, sentry

BASE_DIR = Path(__file__).resolve().parent.parent

try:
    _env = settings_reader.load(
        development.completed(os.environ, root=BASE_DIR, argv=sys.argv, modules=sys.modules)
    )
    DEBUG = settings_reader.boolean(_env, "DJANGO_DEBUG", default=False)
    SECRET_KEY = settings_reader.secret_key(_env, debug=DEBUG)
    DATABASE_URL = database.database_url(_env, debug=DEBUG)
    WEB_WAITS = database.web_waits(_env)
    WORKER_WAITS = database.worker_waits(_env)
    PUBLIC_HOSTS = settings_reader.public_hosts(_env, debug=DEBUG)
    TENANT_BASE_DOMAIN = settings_reader.base_domain(_env, debug=DEBUG)
    SITE_URL = settings_reader.site_url(_env, base=TENANT_BASE_DOMAIN, debug=DEBUG)
    FRONTEND_URL = settings_reader.frontend_url(_env)
    FRONTEND_SECRETS = settings_reader.frontend_secrets(_env)
    FRONTEND_LINKS = settings_reader.frontend_links(_env, url=FRONTEND_URL, debug=DEBUG)
    CUSTOM_DOMAIN_TARGET = resolvers.domain_target(_env, base=TENANT_BASE_DOMAIN)
    DNS_RESOLVERS = resolvers.resolvers(_env)
    _cors = settings_reader.origins(_env, "CORS_ALLOWED_ORIGINS")
    _csrf = settings_reader.origins(_env, "CSRF_TRUSTED_ORIGINS")
    HSTS = settings_reader.hsts(_env)
    STRIPE = settings_reader.stripe(_env, debug=DEBUG)
    EMAIL_USE_TLS = settings_reader.boolean(_env, "EMAIL_USE_TLS", default=False)
    EMAIL_PORT = settings_reader.whole_number(_env, "EMAIL_PORT", default=25, least=1)
    TENANT_POOL_SIZE = settings_reader.whole_number(_env, "TENANT_POOL_SIZE", default=5)
    TENANT_ON_CITUS = settings_reader.boolean(_env, "TENANT_ON_CITUS", default=False)
    PAST_DUE_GRACE_DAYS = settings_reader.whole_number(_env, "PAST_DUE_GRACE_DAYS", default=14)
    DOWNGRADES = settings_reader.one_of(_env, "DOWNGRADES", "choice", "now", "period_end")
    RETENTION_DAYS = settings_reader.whole_number(_env, "RETENTION_DAYS", default=90, least=1)
    UPLOAD_MAX_MIB = settings_reader.whole_number(_env, "UPLOAD_MAX_MIB", default=51, least=1)
    TENANT_FILES_MIB = settings_reader.whole_number(_env, "TENANT_FILES_MIB", default=2048, least=1)
    # Tests hash thousands of passwords. Production has no way to ask for this.
    QUICK_PASSWORDS = DEBUG and settings_reader.boolean(_env, "QUICK_PASSWORDS", default=False)
    STAFF_MFA_REQUIRED = settings_reader.boolean(_env, "STAFF_MFA_REQUIRED", default=not DEBUG)
    REAUTHENTICATION_MINUTES = settings_reader.whole_number(
        _env, "REAUTHENTICATION_MINUTES", default=15, least=1
    )
    STAFF_IDLE_MINUTES = settings_reader.whole_number(
        _env, "STAFF_IDLE_MINUTES", default=60, least=1
    )
    EVENT_MAX_ATTEMPTS = settings_reader.whole_number(
        _env, "EVENT_MAX_ATTEMPTS", default=110, least=1
    )
    TRUSTED_PROXIES = settings_reader.whole_number(
        _env, "TRUSTED_PROXIES", default=0 if DEBUG else 1
    )
    OUTSIDE_MAILS_PER_DAY = settings_reader.whole_number(
        _env, "OUTSIDE_MAILS_PER_DAY", default=200, least=1
    )
    CHECKOUT_RATE = settings_reader.rate(_env, "CHECKOUT_RATE", default="20/min")
    ANYMAIL = mail.anymail(_env)
    TAX = tax.tax(_env)
    EINVOICING = tax.einvoicing(_env)
    ARCHIVE_STORE = archives.store(_env)
    ARCHIVE_S3 = archives.s3_access(_env, debug=DEBUG)
    EVENT_KEEP_DAYS = settings_reader.whole_number(_env, "EVENT_KEEP_DAYS", default=90, least=31)
    MAIL_KEEP_DAYS = settings_reader.whole_number(_env, "MAIL_KEEP_DAYS", default=400, least=180)
    SIGNUP_KEEP_DAYS = settings_reader.whole_number(_env, "SIGNUP_KEEP_DAYS", default=180, least=60)
    DATABASE_DISK_GIB = settings_reader.whole_number(_env, "DATABASE_DISK_GIB", default=0)
    BACKUP_KEEP = settings_reader.whole_number(_env, "BACKUP_KEEP", default=14, least=1)
    BACKUP_KEEP_DAYS = settings_reader.whole_number(_env, "BACKUP_KEEP_DAYS", default=30, least=1)
    CONNECTION_TENANTS = settings_reader.whole_number(
        _env, "CONNECTION_TENANTS", default=50, least=1
    )
    OPS_ALERT_EMAILS = settings_reader.word_list(_env, "OPS_ALERT_EMAILS")
    METRICS_TOKEN = settings_reader.text(_env, "METRICS_TOKEN")
    SENTRY_DSN = settings_reader.text(_env, "SENTRY_DSN")
    # Railway names the commit that runs; elsewhere whoever deploys may.
    APP_VERSION = (
        settings_reader.text(_env, "APP_VERSION")
        or settings_reader.text(_env, "RAILWAY_GIT_COMMIT_SHA")
        or "unreleased"
    )
    PG_DUMP = settings_reader.text(_env, "PG_DUMP")
    PLAN_TEXTS = settings_reader.text(_env, "PLAN_TEXTS")
    EMAIL_BACKEND = mail.backend(_env)
    EMAIL_HOST = settings_reader.text(_env, "EMAIL_HOST") or "localhost"
    EMAIL_HOST_USER = settings_reader.text(_env, "EMAIL_HOST_USER")
    EMAIL_HOST_PASSWORD = settings_reader.text(_env, "EMAIL_HOST_PASSWORD")
    DEFAULT_FROM_EMAIL = mail.sender(_env, base=TENANT_BASE_DOMAIN)
    EMAIL_SUBJECT_PREFIX = settings_reader.subject_prefix(_env)
except UnsafeSetting as refusal:
    # One sentence instead of a traceback: whoever deploys should read what to set, and nothing else.
    sys.exit(f"New Concierge does not start: {refusal}")

if DATABASE_URL == development.NOWHERE:
    development.expect_no_database()
HTTPS = urlsplit(SITE_URL).scheme == "https"

# --- Apps: what lives in public, what in every tenant's schema ----------------------------------
_PEOPLE = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "public_apps.accounts",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "public_apps.audit",
]
SHARED_APPS = [
    "unfold",  # before django_tenants, which has admin templates of its own
    "django_tenants",
    *_PEOPLE,
    "django.contrib.admin",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "csp",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "anymail",
    "procrastinate.contrib.django",
    "public_apps.core",
    "public_apps.monitoring",
    "public_apps.tenants",
    "public_apps.onboarding",
    "billing",
    "website",
    "staff",
    "config",
]
TENANT_APPS = [
    *_PEOPLE,
    "tenant_apps.home",
    "tenant_apps.files",
    "tenant_apps.buildings",
    "tenant_apps.finances",
    "tenant_apps.announcements",
    "tenant_apps.requests",
    "tenant_apps.votes",
]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]

TENANT_MODEL = "tenants.Tenant"
TENANT_DOMAIN_MODEL = "tenants.Domain"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SILENCED_SYSTEM_CHECKS = [
    # django-tenants wants TenantMainMiddleware by name; ours does its work, and more strictly.
    "django_tenants.W003",
    # It looks for SecurityMiddleware by name; ours is one, which leads no stranger's host anywhere.
    "security.W001",
    # Whether HSTS reaches other subdomains and the browsers' own list is the domain's owner's to say.
    "security.W005",
    "security.W021",
    # Addresses are unique without regard to case, by a constraint that this check can't read.
    "auth.W004",
]

# --- Requests -------------------------------------------------------------------------------------
ROOT_URLCONF = "config.urls_public"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
TENANT_URLCONF = "config.urls_tenant"
WSGI_APPLICATION = "config.wsgi.application"
# TenantMiddleware is the gate: it answers 404 to every host that is neither public nor a tenant's,
# where Django's own list would answer 400 and could not know tenants' domains.
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = [
    "public_apps.core.middleware.RequestLog",
    "public_apps.core.database_away.DatabaseAway",
    "public_apps.core.client_address.ClientAddressMiddleware",
    "public_apps.core.trailing_slashes.EitherAddress",
    "public_apps.core.cache_headers.CachingMiddleware",
    "billing.webhook_fast_path.IntakeMiddleware",
    "billing.deadlines.deadline_of_request",
    "public_apps.monitoring.health.HealthMiddleware",
    "public_apps.tenants.custom_domains.tls_check.TlsCheckMiddleware",
    "public_apps.tenants.browser_headers.BrowserHeaders",
    "public_apps.tenants.middleware.SecurityOfKnownHosts",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "public_apps.tenants.middleware.TenantMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "public_apps.accounts.token_authentication.BearerTokenMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "public_apps.core.middleware.ProblemJson",
    "public_apps.core.rest.throttling.RateLimitMiddleware",
    "public_apps.core.request_bodies.BodyMiddleware",
    "public_apps.core.storable_text.StorableText",
    "public_apps.core.trailing_slashes.PageAddress",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "staff.impersonation.middleware.ImpersonationMiddleware",
    "public_apps.tenants.access_gate.AccessMiddleware",
    "staff.content_security_policy.AdminContentPolicy",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "public_apps.tenants.context_processors.tenant",
                "billing.owners.context_processors.past_due",
                "staff.impersonation.context_processors.banner",
            ],
        },
    },
]

# --- Database and cache ---------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **database.entry(DATABASE_URL),
        "ENGINE": "django_tenants.postgresql_backend",
        # A backend's relation cache only ever grows: recycled by time, and by tenants served.
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
    },
}
# What django-tenants builds on: Django's, whose connections end every wait.
ORIGINAL_BACKEND = "public_apps.core.postgresql"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
GET_EXECUTOR_FUNCTION = "public_apps.tenants.executors.of_built_tenants"
# The search path is set once per request and schema, not for every cursor; see requests.md.
TENANT_LIMIT_SET_CALLS = True
# A table that is missing in a tenant is an error of its migration, and never public's table.
TENANT_MIGRATIONS_SEE_PUBLIC = False
EXTRA_SET_TENANT_METHOD_PATH = "public_apps.tenants.connection_recycling.count"
CACHES = {
    "default": {
        # Shared by every process on every machine, so that a limit is one limit; named with its
        # schema because tenants' requests see only their own.
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": 'public"."core_cache',
        "KEY_FUNCTION": "public_apps.core.cache_keys.make_key",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "process": {
        # Limits for people who are signed in: exact enough in each process, and without a query.
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "process",
        "KEY_FUNCTION": "public_apps.core.cache_keys.make_key",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
}

# --- Security -------------------------------------------------------------------------------------
CORS_ALLOWED_ORIGINS = list(_cors.exact)
CORS_ALLOWED_ORIGIN_REGEXES = list(_cors.patterns)
CORS_URLS_REGEX = r"^/(api|_allauth/app)/"
CORS_ALLOW_CREDENTIALS = False  # bearer tokens only: a cookie never crosses origins
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "accept-language",
    "idempotency-key", "if-match", "if-none-match", "x-session-token", "x-tenant-host",
    "x-password-reset-key", "x-email-verification-key",
    # What tracing in a browser adds by itself (W3C Trace Context and Baggage, Sentry).
    "x-request-id", "traceparent", "tracestate", "baggage", "sentry-trace",
]  # fmt: skip
CORS_EXPOSE_HEADERS = [
    "content-disposition", "etag", "idempotent-replayed", "location", "ratelimit",
    "ratelimit-policy", "retry-after", "x-request-id",
]  # fmt: skip
# Anyone can deploy on vercel.app, so a wildcard is never trusted to post our forms.
CSRF_TRUSTED_ORIGINS = list(_csrf.exact)
CSRF_WILDCARDS_LEFT_OUT = bool(_csrf.patterns)
CSRF_FAILURE_VIEW = "public_apps.core.errors.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = HTTPS
# For the hosts that are ours: BrowserHeaders takes it off customers' own domains.
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS and HSTS.include_subdomains
SECURE_HSTS_PRELOAD = HTTPS and HSTS.preload
SECURE_REFERRER_POLICY = "same-origin"  # a set-password link must not leak through Referer
X_FRAME_OPTIONS = "DENY"
_COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_NAME = f"{_COOKIE_PREFIX}language"
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF, *settings_reader.checkout_origins(STRIPE)],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}
PASSWORD_HASHERS = [
    *(["public_apps.accounts.hashing.QuickScryptHasher"] if QUICK_PASSWORDS else []),
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "public_apps.accounts.password_validation.DisguisedPasswordValidator"},
]

# --- Sign-in --------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
# In the schema, so that a token opens one tenant; by digest, so that a dump opens none.
SESSION_ENGINE = "public_apps.accounts.hashed_sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "public_apps.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = None
# People enter by a link that we mailed to them, so the address is proven before the first sign-in.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_CONFIRMATION_HMAC = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_CHANGE_EMAIL = True  # one address each: a new one replaces it once it is confirmed
ACCOUNT_EMAIL_NOTIFICATIONS = True  # by our outbox; see accounts.security_notifications
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTHENTICATION_MINUTES * 60
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "public_apps.accounts.password_links.PasswordKeyGenerator"  # noqa: S105 - a path
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24 * 3
MFA_ADAPTER = "public_apps.accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "New Concierge"
# RFC 6238 5.2: one step for clocks that differ and people who type slowly.
MFA_TOTP_TOLERANCE = 1
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "staff.impersonation.tokens.SessionTokens"  # noqa: S105 - a path
HEADLESS_ADAPTER = "public_apps.tenants.headless.HeadlessAdapter"
# Without FRONTEND_LINKS; with it `public_apps.tenants.links` decides, workspace by workspace.
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": "/accounts/confirm-email/{key}/",
    "account_reset_password": "/accounts/password/reset/",
    "account_reset_password_from_key": "/accounts/set-password/{key}/",
    "account_signup": "/accounts/login/",
}

# --- API ------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "public_apps.accounts.token_authentication.SessionTokenAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "public_apps.core.errors.problem_response",
    "DEFAULT_SCHEMA_CLASS": "public_apps.core.rest.openapi.Schema",
    "DEFAULT_THROTTLE_RATES": {
        "checkout": CHECKOUT_RATE,
        "order": "300/min",
        "subdomain": "120/min",
        "invitation": "30/min",
        "welcome_mail": "30/hour",
        "welcome_mails_of_session": "3/hour",
        "progress": "300/min",
        "subscription": "60/min",
        "sign-in": "10/min",
        "sign-in-account": "5/5m",
        "sign-in-anywhere": "100/h",
        "tls-check": "1200/min",
        "outside-mails": f"{OUTSIDE_MAILS_PER_DAY}/d",
        "person": "1200/min",
        "workspace": "6000/min",
    },
    "NUM_PROXIES": 0,  # ClientAddressMiddleware has found the address out
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    **document.WORDS,
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "public_apps.core.rest.openapi_hooks.complete",
        "public_apps.accounts.sign_in_openapi.add",
        "config.document.add_examples",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "DomainProblem": "public_apps.tenants.models.DnsProblem",
        "FileKind": "tenant_apps.files.models.Kind",
        "ChargeKind": "tenant_apps.finances.models.ChargeKind",
        "EntryKind": "tenant_apps.finances.models.EntryKind",
        "ExpenseCategory": "tenant_apps.finances.models.Category",
        "PartyKind": "tenant_apps.buildings.models.Party",
        "IntervalEnum": "billing.models.Interval",
        "ChangeTime": "billing.owners.at_period_end.TIMES",
        "PriceInterval": "billing.owners.serializers.PRICE_INTERVALS",
        "ProblemCode": "public_apps.core.rest.openapi.PROBLEM_CODES",
        "StepName": "public_apps.onboarding.progress.STEPS",
        "PeriodStatus": "tenant_apps.finances.models.Status",
        "RequestCategory": "tenant_apps.requests.models.Category",
        "RequestStatus": "tenant_apps.requests.models.Status",
        "WorkKind": "tenant_apps.buildings.models.Work.Kind",
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Mail -----------------------------------------------------------------------------------------
EMAIL_TIMEOUT = 10
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Language, time, files ------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("el", _("Greek"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"
PAGES_TIME_ZONE = "Europe/Athens"  # the API speaks UTC; people read clocks on their wall
STATIC_URL = "/static/"
# Read by the web when it starts and by “collectstatic” when a release is built: the same for both.
STATIC_ROOT = settings_reader.text(_env, "STATIC_ROOT") or str(BASE_DIR / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
# Compressing takes most of a build's time: source maps, half of all bytes, only a debugger reads.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
WHITENOISE_AUTOREFRESH = False

# --- Jobs, logs, errors ---------------------------------------------------------------------------
PROCRASTINATE_ON_APP_READY = "public_apps.core.jobs.configure"
LOGGING = logs.configuration(json=not DEBUG)
LOGGING_CONFIG = "public_apps.core.logs.apply"
UNFOLD = {"SITE_TITLE": "New Concierge", "SITE_HEADER": "New Concierge", "SITE_URL": "/"}
# Known by their value, they are taken out of logs and reports wherever they turn up.
scrubbing.know(
    [
        SECRET_KEY, *FRONTEND_SECRETS, METRICS_TOKEN, EMAIL_HOST_PASSWORD,
        STRIPE.secret_key, *STRIPE.webhook_secrets,
        DATABASES["default"]["PASSWORD"], SENTRY_DSN, ARCHIVE_S3.secret,
        *(str(value) for name, value in ANYMAIL.items() if name.endswith(("KEY", "TOKEN"))),
        *(pair.partition(":")[2] for pair in ANYMAIL.get("WEBHOOK_SECRET", [])),
    ]
)  # fmt: skip
sentry.start(SENTRY_DSN)
