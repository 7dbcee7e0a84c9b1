"""Settings: everything that differs between installations comes from the environment or the file .env."""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF

from coaching.site import folder_broker, logs, starting

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
env.read_env(BASE_DIR / ".env")

SECRET_KEY = env("SECRET_KEY", default="")
if not SECRET_KEY:
    raise SystemExit(
        "SECRET_KEY is not set. script/bootstrap writes .env with new secrets for this machine; docs/operations.md lists "
        "every setting."
    )
DEBUG = env.bool("DEBUG", False)
DEMO = env.bool("DEMO", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])
SITE_URL = env("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL]
DEPARTMENT_NAME = env("DEPARTMENT_NAME", default="State Department of Education")
SITE_NAME = "Peer Coaching Program"
# The state's logo and its official-website line are for state sites only.
OFFICIAL_STATE_SITE = env.bool("OFFICIAL_STATE_SITE", False)

# Keys of their own, so that each can be rotated or erased alone.
NOTES_KEY = env("NOTES_KEY", default="")
EVALUATIONS_KEY = env("EVALUATIONS_KEY", default="")
SECOND_FACTOR_KEY = env("SECOND_FACTOR_KEY", default="")

# The seal on certificates: its certificate with the chain to the root, and its key in a file or on a token (PKCS#11).
SEAL_CERTIFICATE = env("SEAL_CERTIFICATE", default="")
SEAL_KEY = env("SEAL_KEY", default="")
SEAL_KEY_PASSWORD = env("SEAL_KEY_PASSWORD", default="")
SEAL_TOKEN_MODULE = env("SEAL_TOKEN_MODULE", default="")
SEAL_TOKEN = env("SEAL_TOKEN", default="")
SEAL_TOKEN_PIN = env("SEAL_TOKEN_PIN", default="")
SEAL_TOKEN_KEY = env("SEAL_TOKEN_KEY", default="")
SEAL_TIME_STAMP_SERVER = env("SEAL_TIME_STAMP_SERVER", default="")
SEAL_TIME_STAMP_ROOTS = env("SEAL_TIME_STAMP_ROOTS", default="")
# Of certificates: letter or a4.
PAPER = env("PAPER", default="letter")

INSTALLED_APPS = [
    "coaching",
    "coaching.site.apps.SiteConfig",
    "applications",
    "meetings",
    "certificates",
    "coaching.site.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "csp.middleware.CSPMiddleware",  # around all others, so that no answer is without
    "coaching.site.health.HealthMiddleware",
    "coaching.site.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "coaching.site.private.PrivateMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "coaching.typed.TypedMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "coaching.site.signed_out.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "coaching.site.second_factor.Middleware",
    "coaching.attribution.AttributionMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "coaching.site.too_large.TooLargeMiddleware",
]

ROOT_URLCONF = "coaching.site.urls"
WSGI_APPLICATION = "coaching.site.wsgi.application"

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
                "coaching.site.navigation.navigation",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Database: SQLite in a file, or PostgreSQL where DATABASE_URL says so.
DATABASE_URL = env("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR / 'db.sqlite3'}"
if not DATABASE_URL.startswith(("sqlite:", "postgres:", "postgresql:")):
    raise SystemExit(
        "DATABASE_URL is no address of a database. Set it as postgres://user:password@host/name."
    )
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
_database = DATABASES["default"]
if _database["ENGINE"].endswith("sqlite3"):
    VAR_DIR.mkdir(exist_ok=True)
    _database["CONN_MAX_AGE"] = 600  # opening the file takes as long as a small page
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # What is erased is overwritten, so that it is in no copy of the file either.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;",
    }
else:
    _database["CONN_MAX_AGE"] = 0
    _database["CONN_HEALTH_CHECKS"] = (
        True  # a server that was started anew is noticed before a page uses its connection
    )
    _options = _database.setdefault("OPTIONS", {})
    _options.setdefault("connect_timeout", 5)
    # Whoever gets no connection within five seconds is told so, rather than waiting for the browser to give up.
    _options["pool"] = {"min_size": 1, "max_size": env.int("DATABASE_POOL", 8), "timeout": 5}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Jobs: Celery always; its broker is a folder, or Redis where REDIS_URL says so.
REDIS_URL = env("REDIS_URL", default="")
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker, however long that is away
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_MAX_MEMORY_PER_CHILD = (
    190 * 1024
)  # KiB: past it a process of the worker is replaced, after its task
# Beat keeps nothing: what is due stands in the database. Nor do runs that no worker took pile up.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "send-due": {"task": "coaching.site.send_due", "schedule": 20.0, "options": {"expires": 600}}
}
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "socket_timeout": 2,
        "socket_connect_timeout": 1,
        # Rows say what is to be done, messages only when. To give some back to a broker that is gone would end the worker.
        "ack_emulation": False,
    }
else:
    BROKER_DIR = VAR_DIR / "broker"
    for _name in ("queue", "processed", "control"):
        (BROKER_DIR / _name).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = f"{folder_broker.NAME}://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.5,
    }

# Nothing is kept here but how often somebody tried: for all web processes together, and whether Redis is there or not.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "rate_limits",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
CSRF_FAILURE_VIEW = "coaching.site.signed_out.token_refused"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

# Sign-in
AUTH_USER_MODEL = "coaching.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "coaching.site.accounts.AccountAdapter"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "coaching.site.links.LinkTokens"  # noqa: S105 (the name of a class)
ACCOUNT_FORMS = {
    "login": "coaching.site.account_forms.LoginForm",
    "reset_password": "coaching.site.account_forms.ResetPasswordForm",
    "reset_password_from_key": "coaching.site.account_forms.ResetPasswordKeyForm",
    "change_password": "coaching.site.account_forms.ChangePasswordForm",
    "set_password": "coaching.site.account_forms.SetPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody makes the site write to strangers
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True  # an invitation leads straight in
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Whoever signed in, or confirmed their password, longer ago than this is asked again before they sign (seconds).
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.int("ACCOUNT_REAUTHENTICATION_TIMEOUT", 60 * 60)
# Whether each signature also keeps the network address it came from.
SIGN_OFF_ADDRESS = env.bool("SIGN_OFF_ADDRESS", False)
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/h/key",
    "verify_file": "20/m/ip",  # a file at /verify/
}

# The second step at sign-in: whoever has set one up is asked for it; administrators and branch offices have to have one.
SECOND_FACTOR_REQUIRED = env.bool("SECOND_FACTOR_REQUIRED", not DEMO)
MFA_ADAPTER = "coaching.site.second_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a clock may be half a minute off
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses come from the directory
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SITE_URL.startswith("https://")  # localhost, for trying
MFA_FORMS = {
    "authenticate": "coaching.site.account_forms.AuthenticateForm",
    "reauthenticate": "coaching.site.account_forms.ReauthenticateForm",
    "activate_totp": "coaching.site.account_forms.ActivateForm",
    "add_webauthn": "coaching.site.account_forms.AddPasskeyForm",
    "edit_webauthn": "coaching.site.account_forms.NamePasskeyForm",
}

# Single sign-on (OpenID Connect): off without OIDC_SERVER. People are found by their verified mail address alone.
OIDC_SERVER = env("OIDC_SERVER", default="").rstrip("/")
OIDC_NAME = env("OIDC_NAME", default="your department account")
SOCIALACCOUNT_ADAPTER = "coaching.site.single_sign_on.SingleSignOnAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "department",
                "name": OIDC_NAME,
                "client_id": env("OIDC_CLIENT_ID", default=""),
                "secret": env("OIDC_CLIENT_SECRET", default=""),
                "settings": {"server_url": OIDC_SERVER},
            }
        ]
        if OIDC_SERVER
        else [],
    }
}

# Mail
vars().update(_mail := env.email("EMAIL_URL", default="consolemail://"))
if _mail["EMAIL_BACKEND"].endswith("smtp.EmailBackend"):
    EMAIL_BACKEND = "coaching.smtp.SmtpBackend"
if DEMO:
    EMAIL_BACKEND = "coaching.site.mailbox.MailboxBackend"
MAILBOX_DIR = Path(
    env("MAILBOX_DIR", default=str(VAR_DIR / "mail"))
)  # of the demo, which runs on one machine
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default=f"{SITE_NAME} <no-reply@example.org>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Static files: the look comes from npm packages, served as they were installed.
_PACKAGES = BASE_DIR / "node_modules"
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("state-template", _PACKAGES / "@cagovweb" / "state-template" / "dist"),
    ("public-sans", _PACKAGES / "@fontsource-variable" / "public-sans"),
]
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = env("TIME_ZONE", default="America/Los_Angeles")
USE_TZ = True
USE_I18N = False

# Headers and cookies
_SIGN_ON = ["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_SERVER))] if OIDC_SERVER else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [
            SELF,
            *([f"{urlsplit(OIDC_SERVER).scheme}://{urlsplit(OIDC_SERVER).netloc}"] if OIDC_SERVER else []),
        ],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
_HTTPS = SITE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
# With it, a browser takes a cookie from this host alone, by https, and for the whole site.
COOKIE_PREFIX = "__Host-" if _HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "coaching.site.private.MessageStorage"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", _HTTPS)
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if _HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
# Whether a whole domain is held to https is not for one of its sites to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
# How many proxies stand in front, each of which adds the address it was asked from to X-Forwarded-For.
PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PROXIES", 0)
if PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

MESSAGE_TAGS = {40: "danger"}  # Bootstrap's word for an error

# A JSON object a line; from LOG_LEVEL on what the program itself says, a line for each request at INFO. No error is mailed.
LOGGING = logs.configuration(env("LOG_LEVEL", default="INFO").upper())
ADMINS: list[tuple[str, str]] = []

_keys = {"NOTES_KEY": NOTES_KEY, "EVALUATIONS_KEY": EVALUATIONS_KEY}
if SECOND_FACTOR_REQUIRED:
    _keys["SECOND_FACTOR_KEY"] = SECOND_FACTOR_KEY
_problems = starting.problems(
    secret_key=SECRET_KEY, allowed_hosts=ALLOWED_HOSTS, site_url=SITE_URL, demo=DEMO, keys=_keys
)
if not DEBUG and (_found := list(_problems)):
    raise SystemExit(
        "\n".join(["The program does not start with these settings:", *(f"- {each}" for each in _found)])
    )
