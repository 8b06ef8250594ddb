"""Every option of the platform, from the environment. One data folder holds all that must be kept."""

import os
import secrets
import sys
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pysqlite3

# Django imports "sqlite3" by name; Debian's 3.40 has the WAL-reset bug (docs/decisions/0003-sqlite-by-wheel.md).
sys.modules["sqlite3"] = pysqlite3
sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

os.umask(0o077)  # the data folder is its owner's alone, whatever the system's umask
DATA = Path(os.environ.get("XIETONG_DATA", "data")).absolute()
DEBUG = os.environ.get("XIETONG_DEBUG", "") == "1"
WEB_PORT = int(os.environ.get("XIETONG_WEB_PORT", "8000"))
HJ212_PORT = int(os.environ.get("XIETONG_HJ212_PORT", "9212"))


def _listed(name: str, usual: str = "") -> list[str]:
    """The parts of an environment variable between its commas."""
    return [each.strip() for each in os.environ.get(name, usual).split(",") if each.strip()]


def _origins(stated: list[str]) -> list[str]:
    """The addresses under which people open the pages, as a browser says them; raises ValueError for anything else."""
    for each in stated:
        parts = urlsplit(each)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"XIETONG_ORIGIN names {each!r}; write https://park.example.cn")
    return [each.rstrip("/") for each in stated]


# Where people open the pages when it is not here: behind a proxy that speaks HTTPS (docs/commands.md).
ORIGINS = _origins(_listed("XIETONG_ORIGIN"))
# Months for which it is kept who looked at what; six at least (xietong.park.access).
ACCESS_MONTHS = int(os.environ.get("XIETONG_ACCESS_MONTHS", "12"))
PROXIES = [ip_network(each) for each in _listed("XIETONG_PROXIES")]
IS_HTTPS = bool(ORIGINS) and all(each.startswith("https:") for each in ORIGINS)
ALLOWED_HOSTS = _listed("XIETONG_HOSTS", "localhost,127.0.0.1,[::1]")
ALLOWED_HOSTS += [str(urlsplit(each).hostname) for each in ORIGINS]


def _secret_key(path: Path) -> str:
    """The signing key, made once and readable by its owner alone; a throw-away one before the folder exists."""
    if os.environ.get("XIETONG_SECRET_KEY"):
        return os.environ["XIETONG_SECRET_KEY"]
    if not path.parent.is_dir():
        return secrets.token_urlsafe(48)
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


def _database(url: str) -> dict[str, object]:
    """SQLite in the data folder, or the PostgreSQL that DATABASE_URL names."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA / "park.sqlite3",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError(f"DATABASE_URL names {parts.scheme!r}; write postgresql://user:password@host:port/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": parts.port or "",
    }


SECRET_KEY = _secret_key(DATA / "secret.key")
DATABASES = {"default": _database(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "xietong.park",
    "xietong.accounting",
    "xietong.web",
]
MIDDLEWARE = [
    "xietong.web.server.peers.behind_proxies",
    "xietong.web.server.answering.Answering",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "xietong.web.shell.languages.chosen_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "xietong.web.server.recording.recording",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "xietong.web.server.answering.only_with_a_role",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "xietong.web.server.before_a_park.BeforeAPark",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
ROOT_URLCONF = "xietong.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# The sixth attempt of a name from one address is refused for a while; the same name from elsewhere is not.
AXES_FAILURE_LIMIT = 5
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
# Names and addresses of failed sign-ins stand in the log, so that an attack can be traced; passwords never do.
AXES_SENSITIVE_PARAMETERS: list[str] = []
# Who goes on guessing does not make the pause longer for whom the name belongs to.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_WHITELIST_CALLABLE = "xietong.web.server.sign_ins.is_known"
AXES_LOCKOUT_CALLABLE = "xietong.web.server.signing_in.locked_out"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "cockpit"
LOGOUT_REDIRECT_URL = "sign-in"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_HTTPS
CSRF_TRUSTED_ORIGINS = ORIGINS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SECURE_HSTS_SECONDS = 365 * 86_400 if IS_HTTPS else 0
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "xietong.web.months.form_page.forged"
# A month of a large enterprise has some 150 lines of a dozen fields each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_NUMBER_FILES = 1
FILE_UPLOAD_HANDLERS = [
    "xietong.web.months.workbook_page.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# A fault of ours leaves a line with the request's id, and every failed sign-in one; nothing else of the pages does.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "xietong.web.server.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "loggers": {
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        "django.security": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "axes": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "xietong.web": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [Path(__file__).parent / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Everything a page needs comes from this host, and nothing inline runs; the pages must work in a closed network.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
