"""Django's settings, and the only reader of the environment.

Each value is read once, here. One that is missing or malformed stops the start with its name. A service is asked only
for what its row of `ecom/services.py` needs.
"""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from corsheaders.defaults import default_headers
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError, validate
from jwt.algorithms import RSAAlgorithm
from limits import RateLimitItem, parse

from ecom.backoffice.appearance import UNFOLD as UNFOLD
from ecom.services import CATALOG, ORDERS, SERVICES, Backend
from ecom.services import DATABASES as ALIASES

env = Env(eager=True)

_LONG_ENOUGH = validate.Length(min=32)  # for a secret


def _service_name() -> str:
    name = env.str("ECOM_SERVICE")
    if name not in SERVICES:
        raise ImproperlyConfigured(f"ECOM_SERVICE is {name!r}; it must be one of {', '.join(SERVICES)}")
    return name


def _key_set() -> dict[str, Any]:
    """The public keys that tokens are verified with: a JSON Web Key Set (RFC 7517)."""
    keys = env.json("ECOM_TOKEN_KEYS")
    if not isinstance(keys, dict) or "keys" not in keys:
        raise ImproperlyConfigured('ECOM_TOKEN_KEYS must be a JSON Web Key Set: {"keys": [...]}')
    if not all(isinstance(key, dict) and key.get("kty") == "RSA" and "d" not in key for key in keys["keys"]):
        raise ImproperlyConfigured("ECOM_TOKEN_KEYS must hold public RSA keys and nothing else: it is published")
    return keys


def _signing_key(key_id: str, key_set: dict[str, Any]) -> RSAPrivateKey:
    """The private key that tokens are signed with: PEM, one of those whose public half every service has."""
    try:
        key = load_pem_private_key(env.str("ECOM_TOKEN_SIGNING_KEY").encode(), password=None)
    except (ValueError, TypeError) as error:
        raise ImproperlyConfigured("ECOM_TOKEN_SIGNING_KEY must be an RSA key without password, as PEM") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < 2048:
        raise ImproperlyConfigured("ECOM_TOKEN_SIGNING_KEY must be an RSA key of at least 2048 bits")
    modulus = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)["n"]
    if modulus not in [public.get("n") for public in key_set["keys"] if public.get("kid") == key_id]:
        raise ImproperlyConfigured(
            "ECOM_TOKEN_SIGNING_KEY_ID names no key of ECOM_TOKEN_KEYS that fits the signing key"
        )
    return key


def _mail_server(variable: str) -> dict[str, Any]:
    """Django's settings for one URL: smtp:// (STARTTLS), smtps://user:password@host:port, or file:///folder."""
    url = urlsplit(env.str(variable))
    if url.scheme == "file" and url.path:
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": url.path}
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        raise ImproperlyConfigured(
            f"{variable} must look like smtp://user:password@host:587, smtps://… or file:///folder"
        )
    return {
        "EMAIL_HOST": url.hostname,
        "EMAIL_PORT": url.port or (465 if url.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(url.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(url.password or ""),
        "EMAIL_USE_SSL": url.scheme == "smtps",
        "EMAIL_USE_TLS": url.scheme == "smtp",
        "EMAIL_TIMEOUT": 10,
    }


def _database(alias: str) -> dict[str, object]:
    """Django's entry for one alias, from `ECOM_<ALIAS>_DSN` (postgresql://user:password@host:port/name)."""
    variable = f"ECOM_{alias.upper()}_DSN"
    value = env.str(variable)
    try:
        dsn = urlsplit(value)
        port = dsn.port or 5432
    except ValueError as error:
        raise ImproperlyConfigured(f"{variable} is no URL: {error}") from error
    if dsn.scheme != "postgresql" or not dsn.hostname or len(dsn.path) < 2:
        raise ImproperlyConfigured(f"{variable} must look like postgresql://user:password@host:port/name")
    return {
        "ENGINE": "django_prometheus.db.backends.postgresql",
        "NAME": dsn.path[1:],
        "USER": unquote(dsn.username or ""),
        "PASSWORD": unquote(dsn.password or ""),
        "HOST": dsn.hostname,
        "PORT": port,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={STATEMENT_TIMEOUT_MS}",
        },
        "TEST": {"DEPENDENCIES": []},
    }


def _kafka_security(variable: str) -> dict[str, str]:
    """How kafka-python's clients present themselves: not at all, or to MSK with the credentials of their role."""
    securities = {"none": {}, "msk-iam": {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM"}}
    name = env.str(variable, "none")
    if name not in securities:
        raise ImproperlyConfigured(f"{variable} is {name!r}; it must be one of {', '.join(securities)}")
    return securities[name]


def _static_files(variable: str) -> dict[str, Any]:
    """Django's storage of static files: those of the packages, `collected` ones with hashed names, or s3://bucket."""
    place = env.str(variable, "packages")
    if place == "packages":
        return {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    if place == "collected":
        return {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    url = urlsplit(place)
    if url.scheme != "s3" or not url.hostname or url.path:
        raise ImproperlyConfigured(f"{variable} is {place!r}; it must be packages, collected or s3://bucket")
    return {"BACKEND": "ecom.backoffice.static_files.BucketStorage", "OPTIONS": {"bucket_name": url.hostname}}


def _origins(variable: str) -> list[str]:
    """Web origins, such as https://shop.example.com: scheme and host, nothing after them."""
    origins: list[str] = env.list(variable, [])
    for origin in origins:
        url = urlsplit(origin)
        if url.scheme not in ("http", "https") or not url.netloc or url.path or url.query or url.fragment:
            raise ImproperlyConfigured(f"{variable} names {origin!r}; an origin looks like https://shop.example.com")
    return origins


def _rate_limit(variable: str, default: str) -> RateLimitItem:
    """A number of requests in a time, such as 60/minute; each worker keeps its share of it, by itself."""
    value = env.str(variable, default)
    try:
        limit = parse(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{variable} is {value!r}; it must look like 60/minute") from error
    return type(limit)(max(1, limit.amount // env.int("ECOM_WORKERS", 1)), limit.multiples)


try:
    SERVICE_NAME = _service_name()
    _service = SERVICES[SERVICE_NAME]

    SECRET_KEY = env.str("ECOM_SECRET_KEY", validate=_LONG_ENOUGH)
    DEBUG = env.bool("ECOM_DEBUG", False)
    ALLOWED_HOSTS: list[str] = env.list("ECOM_ALLOWED_HOSTS")
    LOG_LEVEL = env.str("ECOM_LOG_LEVEL", "INFO")

    # The port on which health and metrics are answered, and nothing else; "host:port" as gunicorn binds it.
    MANAGEMENT_BIND = env.str("ECOM_MANAGEMENT_BIND", "127.0.0.1:8100")
    MANAGEMENT_PORT = MANAGEMENT_BIND.rpartition(":")[2]

    STATEMENT_TIMEOUT_MS = env.int("ECOM_STATEMENT_TIMEOUT_MS", 5000)
    DATABASES: dict[str, dict[str, object]] = {
        "default": {},  # an atomic() without using= must fail rather than guard the wrong database
        **{alias: _database(alias) for alias in ALIASES if alias in _service.databases},
    }

    # Tokens are verified by every service by itself: public keys by `kid`, and the audiences this one answers to.
    TOKEN_KEYS: dict[str, Any] = _key_set()
    TOKEN_ISSUER = env.str("ECOM_TOKEN_ISSUER", "ecom")
    TOKEN_AUDIENCES = ("ecom", SERVICE_NAME, *_service.stands_for)
    if _service.signs_tokens:
        TOKEN_SIGNING_KEY_ID = env.str("ECOM_TOKEN_SIGNING_KEY_ID")
        TOKEN_SIGNING_KEY = _signing_key(TOKEN_SIGNING_KEY_ID, TOKEN_KEYS)
    if _service.signs_in:  # the service account with which tokens for other services are got from customers
        SERVICE_CLIENT_ID = env.str("ECOM_SERVICE_CLIENT_ID")
        SERVICE_CLIENT_SECRET = env.str("ECOM_SERVICE_CLIENT_SECRET", validate=_LONG_ENOUGH)
    if ORDERS in _service.contexts:
        UNPAID_MINUTES = env.int("ECOM_UNPAID_MINUTES", 30, validate=validate.Range(min=1))  # then an order ends
    # Failed sign-ins, registrations and mails that one client address may cause before each costs it a wait.
    FREE_ATTEMPTS_PER_CLIENT = env.int("ECOM_FREE_ATTEMPTS_PER_CLIENT", 30)

    if CATALOG in _service.contexts:
        # How long an order may keep units that it has not confirmed.
        RESERVATION_SECONDS = env.int("ECOM_RESERVATION_SECONDS", 120, validate=validate.Range(min=1))

    # Secret shared by the gateway, which signs the visitor's cookie, and activity, which trusts it.
    VISITOR_KEY = env.str("ECOM_VISITOR_KEY", validate=_LONG_ENOUGH)

    RAW_EVENTS_TOPIC = env.str("ECOM_RAW_EVENTS_TOPIC", "ecom-raw-events")
    PRODUCT_ANALYTICS_TOPIC = env.str("ECOM_PRODUCT_ANALYTICS_TOPIC", "ecom-product-analytics")
    ORDER_EVENTS_TOPIC = env.str("ECOM_ORDER_EVENTS_TOPIC", "ecom-order-events")
    CUSTOMER_EVENTS_TOPIC = env.str("ECOM_CUSTOMER_EVENTS_TOPIC", "ecom-customer-events")
    PRODUCT_ANALYTICS_TABLE = env.str("ECOM_PRODUCT_ANALYTICS_TABLE", "ecom-product-analytics")
    TRENDING_PRODUCTS_TABLE = env.str("ECOM_TRENDING_PRODUCTS_TABLE", "ecom-trending-products")

    if Backend.KAFKA in _service.backends:
        KAFKA_BOOTSTRAP_SERVERS: list[str] = env.list("ECOM_KAFKA_BOOTSTRAP_SERVERS")
        KAFKA_SECURITY = _kafka_security("ECOM_KAFKA_SECURITY")
        KAFKA_DEADLINE_SECONDS = env.float("ECOM_KAFKA_DEADLINE_SECONDS", 3.0)
        HEARTBEAT_SECONDS = env.float("ECOM_HEARTBEAT_SECONDS", 3.0)  # 0: none, for data that brings its own clock
        # Requests that may wait for Kafka at once: two threads of gunicorn's are left for health and refusals.
        EVENTS_IN_FLIGHT = max(1, env.int("ECOM_EVENTS_IN_FLIGHT", env.int("ECOM_THREADS", 8) - 2))
        # Different user_ids that one client address may bring in a minute; each worker keeps its share of the count.
        NEW_USERS_PER_MINUTE = max(1, env.int("ECOM_NEW_USERS_PER_MINUTE", 600) // env.int("ECOM_WORKERS", 1))
        # For commands that act as shoppers: where the gateway is, and a service account's token (`activity:any`).
        GATEWAY_URL = env.str("ECOM_GATEWAY_URL", "http://127.0.0.1:8000").rstrip("/")
        REPLAY_TOKEN = env.str("ECOM_REPLAY_TOKEN", None)
    if _service.backends & {Backend.DYNAMODB, Backend.BROKER, Backend.IMPORTS}:
        AWS_REGION = env.str("AWS_REGION")
    if Backend.DYNAMODB in _service.backends:
        DYNAMODB_ENDPOINT = env.str("ECOM_DYNAMODB_ENDPOINT", None)
    if Backend.BROKER in _service.backends:
        BROKER_URL = env.str("ECOM_BROKER_URL")
        # Each context's queue, by URL; the queue of what failed for good has the same and "-failed" after it.
        BROKER_QUEUE_PREFIX = env.str("ECOM_BROKER_QUEUE_PREFIX")
        BROKER_QUEUES = {context: f"{BROKER_QUEUE_PREFIX}{context}" for context in _service.queues}
    if Backend.IMPORTS in _service.backends:
        S3_ENDPOINT = env.str("ECOM_S3_ENDPOINT", None)
        UPLOADS_BUCKET = env.str("ECOM_UPLOADS_BUCKET")
        REPORTS_BUCKET = env.str("ECOM_REPORTS_BUCKET")
    if Backend.MAIL in _service.backends:
        globals().update(_mail_server("ECOM_MAIL_URL"))
        DEFAULT_FROM_EMAIL = env.str("ECOM_MAIL_FROM")
        STOREFRONT_URL = env.str("ECOM_STOREFRONT_URL").rstrip("/")  # where the links in mails lead

    if _service.upstreams:
        # Requests of a process that may wait for one service, or for DynamoDB, at once: a slow one leaves a quarter of
        # the threads to the others and to health.
        REQUESTS_IN_FLIGHT = max(1, env.int("ECOM_THREADS", 8) * 3 // 4)
    if _service.edge:
        # Proxies in front that append to X-Forwarded-For; 0: clients connect to us, and the header is their invention.
        TRUSTED_PROXIES = env.int("ECOM_TRUSTED_PROXIES", 0)
        ANALYTICS_PUBLIC = env.bool("ECOM_ANALYTICS_PUBLIC", True)  # else for staff and service accounts only
        # A window is served within 16 s of its end, so the newest is at most 76 s old while the job runs.
        ANALYTICS_STALE_SECONDS = env.int("ECOM_ANALYTICS_STALE_SECONDS", 120)
        # Streams of server-sent events that a process keeps open: each is a file, of which it often may have 1,024.
        STREAMS = env.int("ECOM_STREAMS", 500)
        # Origins whose pages may call us from a browser, and whether with cookies.
        CORS_ALLOWED_ORIGINS = _origins("ECOM_CORS_ORIGINS")
        CORS_ALLOW_CREDENTIALS = env.bool("ECOM_CORS_CREDENTIALS", False)
        # What a client may ask in a time, by the classes of the gateway's routes.
        RATE_LIMITS = {
            "sign_in": _rate_limit("ECOM_RATE_LIMIT_SIGN_IN", "60/minute"),
            "reads": _rate_limit("ECOM_RATE_LIMIT_READS", "1200/minute"),
            "writes": _rate_limit("ECOM_RATE_LIMIT_WRITES", "300/minute"),
            "machines": _rate_limit("ECOM_RATE_LIMIT_MACHINES", "6000/minute"),
        }
    if _service.admin:
        # For `ensure_databases` alone: the server's own account, which makes databases and their owners.
        POSTGRES_ADMIN_USER = env.str("ECOM_POSTGRES_ADMIN_USER", "postgres")
        POSTGRES_ADMIN_PASSWORD = env.str("ECOM_POSTGRES_ADMIN_PASSWORD", None)
        _STATIC_FILES = _static_files("ECOM_STATIC_FILES")
        # Where collected files are, with the list of their hashed names; the image has them there.
        STATIC_ROOT = env.path("ECOM_STATIC_ROOT", Path(__file__).resolve().parents[1] / "staticfiles")
        STORAGES = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}, "staticfiles": _STATIC_FILES}
        # A development server's way: nothing is collected, files are found in the packages.
        WHITENOISE_USE_FINDERS = _STATIC_FILES["BACKEND"].startswith("django.")
    if _service.edge or _service.admin:
        # For how long browsers shall come by HTTPS alone; 0: nothing is said about it.
        SECURE_HSTS_SECONDS = env.int("ECOM_HSTS_SECONDS", 0)
        SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_HSTS_SECONDS > 0
    UPSTREAMS = {name: env.str(f"ECOM_UPSTREAM_{name.upper()}").rstrip("/") for name in _service.upstreams}
except EnvError as error:
    raise ImproperlyConfigured(str(error)) from error

ROOT_URLCONF = _service.urlconf
INSTALLED_APPS = ["django_prometheus", "rest_framework", "ecom.common", "ecom.contracts", *_service.apps]
DATABASE_ROUTERS = ["ecom.databases.ContextRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
WSGI_APPLICATION = "ecom.wsgi.application"

_ADMIN_MIDDLEWARE = [
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
MIDDLEWARE = [
    "ecom.common.request_context.RequestContextMiddleware",
    "ecom.common.metrics.RequestMetricsMiddleware",
    *(["django.middleware.security.SecurityMiddleware"] if _service.edge or _service.admin else []),
    *(["corsheaders.middleware.CorsMiddleware"] if _service.edge and CORS_ALLOWED_ORIGINS else []),
    "ecom.common.health.ManagementPortMiddleware",
    "ecom.common.problems.UnavailableMiddleware",
    "django.middleware.common.CommonMiddleware",  # sets Content-Length
    *(_ADMIN_MIDDLEWARE if _service.admin else []),
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
            if _service.admin
            else []
        },
    }
]
# Before the first migration of the accounts: whoever signs in, anywhere, is one of these.
AUTH_USER_MODEL = "customers.Account"
AUTHENTICATION_BACKENDS = ["ecom.apps.customers.backends.AccountBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "given_name", "family_name")},
    },
]
SESSION_COOKIE_AGE = 12 * 3600  # a working day: then the backoffice asks for password and second factor again
OTP_TOTP_ISSUER = "ecom backoffice"
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True  # a title is no formula in whoever's spreadsheet
STATIC_URL = "/static/"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ecom.common.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["ecom.common.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["ecom.common.parsing.JsonParser"],
    "EXCEPTION_HANDLER": "ecom.common.problems.problem_for_exception",
    "DEFAULT_SCHEMA_CLASS": "ecom.common.openapi.Schema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"ecom {SERVICE_NAME}",
    "VERSION": "1.0",
    "OAS_VERSION": "3.1.1",
    "DISABLE_DOCSTRING_DESCRIPTIONS": True,  # they are for us; see each context's api/openapi.py
    "POSTPROCESSING_HOOKS": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CORS_ALLOW_HEADERS = (*default_headers, "idempotency-key", "if-match", "if-none-match", "x-cart-token", "x-request-id")
CORS_EXPOSE_HEADERS = (
    *("age", "etag", "location", "retry-after", "x-cart-token", "x-request-id"),
    *("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
)
PROMETHEUS_EXPORT_MIGRATIONS = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_context": {"()": "ecom.common.logs.RequestContextFilter", "service": SERVICE_NAME}},
    "formatters": {"json": {"()": "ecom.common.logs.JsonFormatter"}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "json",
            "filters": ["request_context"],
        }
    },
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    "loggers": {
        "kafka": {"level": "WARNING"},
        "kafka.net.selector": {"level": "ERROR"},  # it warns of every tenth of a second on a busy machine
        "botocore": {"level": "WARNING"},
        # Problem details and the request log say it already, with the request's id.
        "django.request": {"level": "ERROR"},
    },
}
