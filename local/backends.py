"""The servers of a stack, side by side, each with what must be in it before a service starts."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ecom.services import CUSTOMERS, DATABASES
from local import credentials, provision
from local.logged_command import run_logged
from local.servers import Server, ServerFailed
from local.servers.server import REPOSITORY
from local.service_environment import service_environment
from local.stack import Stack
from local.steps import StepFailed, Steps

ACCOUNTS = (provision.ORDERS_ACCOUNT, provision.IMPORT_ACCOUNT)
# Accounts, sessions and the admin's tables live in `customers`, and only the backoffice loads them all.
MIGRATED_BY = {alias: "backoffice" if alias == CUSTOMERS else alias for alias in DATABASES}


def start_backends(stack: Stack, steps: Steps) -> None:
    """Start every server and fill it. Raises StepFailed of the first that fails, when all have come to an end."""
    tracks = (_start_postgres, _start_kafka, _start_dynamodb, _start_moto)
    with ThreadPoolExecutor(len(tracks)) as pool:
        running = [pool.submit(track, stack, steps) for track in tracks]
    for track_done in running:
        track_done.result()


def _start_postgres(stack: Stack, steps: Steps) -> None:
    _start(stack.postgres, steps)
    for alias in DATABASES:
        stack.postgres.create_database(alias)
    with steps.step("Migrations"), ThreadPoolExecutor(len(DATABASES)) as pool:
        for migrated in [pool.submit(_migrate, stack, alias) for alias in DATABASES]:
            migrated.result()
    with steps.step("Service accounts"), ThreadPoolExecutor(len(ACCOUNTS)) as pool:
        for ensured in [pool.submit(_ensure_account, stack, account) for account in ACCOUNTS]:
            ensured.result()


def _migrate(stack: Stack, alias: str) -> None:
    service = MIGRATED_BY[alias]
    run_logged(
        ["python", "manage.py", "migrate", "--database", alias, "--no-input"],
        title=f"Migration of the database {alias}",
        log=stack.log(f"migrate-{alias}"),
        cwd=REPOSITORY,
        env=service_environment(service, stack),
    )


def _ensure_account(stack: Stack, account: provision.Account) -> None:
    rights = ["--audience", account.audience, "--scope", account.scope]
    run_logged(
        ["python", "manage.py", "ensure_service_account", account.client_id, *rights],
        title=f"Service account {account.client_id}",
        log=stack.log(f"service-account-{account.client_id}"),
        cwd=REPOSITORY,
        env=service_environment("customers", stack),
        line=credentials.secret(account.secret),
    )


def _start_kafka(stack: Stack, steps: Steps) -> None:
    _start(stack.kafka, steps)
    _fill("Kafka topics", steps, lambda: provision.create_topics(stack.kafka.bootstrap_servers))


def _start_dynamodb(stack: Stack, steps: Steps) -> None:
    _start(stack.dynamodb, steps)
    _fill("DynamoDB tables", steps, lambda: provision.create_tables(stack.dynamodb.endpoint))


def _start_moto(stack: Stack, steps: Steps) -> None:
    _start(stack.moto, steps)
    _fill("SQS queues", steps, lambda: provision.create_queues(stack.moto.endpoint))
    client_secret = credentials.secret(provision.IMPORT_ACCOUNT.secret)
    _fill("Buckets", steps, lambda: provision.create_imports(stack.moto.endpoint, client_secret=client_secret))


def _start(server: Server, steps: Steps) -> None:
    with steps.step(f"{server.name} on port {server.port}"):
        try:
            server.start()
        except ServerFailed as error:
            raise StepFailed(server.name, str(error)) from error


def _fill(title: str, steps: Steps, create: Callable[[], object]) -> None:
    with steps.step(title):
        try:
            create()
        except Exception as error:  # whatever the client library raises belongs under this step's name
            raise StepFailed(title, f"{type(error).__name__}: {error}") from error
