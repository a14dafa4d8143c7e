"""The one table of services: what each process loads, answers, may open and needs.

`ecom/settings.py` reads the row that `ECOM_SERVICE` names; no other code asks which service it is.
"""

from dataclasses import dataclass
from enum import StrEnum


class Backend(StrEnum):
    """What a process reaches beside PostgreSQL and other services; its settings are required where it is named."""

    KAFKA = "kafka"
    DYNAMODB = "dynamodb"
    BROKER = "broker"
    MAIL = "mail"
    IMPORTS = "imports"  # the buckets of product files and of the reports on them


CUSTOMERS, CATALOG, ORDERS = "customers", "catalog", "orders"
DATABASES = (CUSTOMERS, CATALOG, ORDERS)
BEHIND_GATEWAY = ("customers", "catalog", "orders", "activity")

# What accounts are built on, the second factor of staff included: loaded wherever the context `customers` is.
ACCOUNT_APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
)
# The admin's own tables live in `customers` too; they are loaded where staff sign in. Templates of the first win:
# unfold dresses Django's admin and import_export.
ADMIN_APPS = (
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "import_export",
    "ecom.backoffice.apps.BackofficeSiteConfig",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
)


@dataclass(frozen=True, slots=True)
class Service:
    """One kind of process.

    `contexts` are the packages of `ecom.apps` that it loads, `databases` the aliases it may open, `upstreams` the
    services it calls over REST, `edge` whether clients from outside connect to it, `admin` whether it carries Django's
    admin with accounts and sessions, `signs_tokens` whether it holds the private key that tokens are signed with,
    `signs_in` whether it gets tokens for its calls with a service account of its own, `stands_for` the services whose
    tokens it takes beside those for its own name, `queues` the contexts whose tasks it works on or,
    where it loads none, sends.
    """

    contexts: tuple[str, ...] = ()
    urlconf: str = "ecom.urls.management"
    databases: tuple[str, ...] = ()
    backends: frozenset[Backend] = frozenset()
    upstreams: tuple[str, ...] = ()
    edge: bool = False
    admin: bool = False
    signs_tokens: bool = False
    signs_in: bool = False
    stands_for: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()

    @property
    def apps(self) -> tuple[str, ...]:
        """The `INSTALLED_APPS` entries of this row."""
        accounts = ACCOUNT_APPS if CUSTOMERS in self.contexts else ()
        contexts = tuple(f"ecom.apps.{name}" for name in self.contexts)
        before, after = (ADMIN_APPS, ("ecom.backoffice",)) if self.admin else ((), ())
        return (*before, *accounts, *contexts, *after)


SERVICES: dict[str, Service] = {
    "gateway": Service(
        contexts=("gateway",),
        urlconf="ecom.urls.gateway",
        backends=frozenset({Backend.DYNAMODB}),
        upstreams=BEHIND_GATEWAY,
        stands_for=BEHIND_GATEWAY,
        edge=True,
    ),
    # The gateway's streams by themselves, for where an ingress can tell their path from the others.
    "gateway-stream": Service(
        contexts=("gateway",),
        urlconf="ecom.urls.gateway_stream",
        backends=frozenset({Backend.DYNAMODB}),
        upstreams=(CATALOG,),
        stands_for=("gateway",),
        edge=True,
    ),
    "customers": Service(
        contexts=("customers",), urlconf="ecom.urls.customers", databases=(CUSTOMERS,), signs_tokens=True
    ),
    "catalog": Service(contexts=("catalog",), urlconf="ecom.urls.catalog", databases=(CATALOG,)),
    "orders": Service(
        contexts=("orders",),
        urlconf="ecom.urls.orders",
        databases=(ORDERS,),
        upstreams=("customers", "catalog"),
        signs_in=True,
    ),
    "activity": Service(contexts=("activity",), urlconf="ecom.urls.activity", backends=frozenset({Backend.KAFKA})),
    "backoffice": Service(
        contexts=("customers", "catalog", "orders"),
        urlconf="ecom.urls.backoffice",
        databases=DATABASES,
        backends=frozenset({Backend.IMPORTS}),
        admin=True,
    ),
    # One worker for each context: no process holds the keys of two databases for a task's sake.
    "customers-worker": Service(
        contexts=("customers",),
        databases=(CUSTOMERS,),
        backends=frozenset({Backend.BROKER, Backend.MAIL, Backend.KAFKA}),
        queues=(CUSTOMERS,),
    ),
    "catalog-worker": Service(
        contexts=("catalog",),
        databases=(CATALOG,),
        backends=frozenset({Backend.BROKER}),
        queues=(CATALOG,),
    ),
    "orders-worker": Service(
        contexts=("orders",),
        databases=(ORDERS,),
        backends=frozenset({Backend.BROKER, Backend.KAFKA}),
        upstreams=("customers", "catalog"),
        signs_in=True,
        queues=(ORDERS,),
    ),
    # The clock of all schedules: it knows tasks by name and opens nothing but the broker.
    "beat": Service(backends=frozenset({Backend.BROKER}), queues=DATABASES),
    "monolith": Service(
        contexts=("gateway", "customers", "catalog", "orders", "activity"),
        urlconf="ecom.urls.monolith",
        databases=DATABASES,
        backends=frozenset(Backend),
        upstreams=BEHIND_GATEWAY,
        edge=True,
        admin=True,
        signs_tokens=True,
        signs_in=True,
        stands_for=("gateway", "customers", "catalog", "orders", "activity", "backoffice"),
        queues=DATABASES,
    ),
}
