"""The contexts' databases and their owners, made on a server where only its own account exists."""

from contextlib import closing

import psycopg2
import pytest
from django.core.management import CommandError, call_command

from ecom.backoffice.databases import connect, ensure_database
from local.servers import Postgres
from local.servers.server import LOOPBACK

PASSWORDS = {"shop": "its own", "till": "another"}


def made(postgres: Postgres, passwords: dict[str, str]) -> list[bool]:
    """As an account that is no superuser, as a cloud's is."""
    if "master" not in postgres.query("SELECT rolname FROM pg_roles").splitlines():
        postgres.query("CREATE ROLE master LOGIN CREATEDB CREATEROLE PASSWORD 'master'")
    server = {"HOST": LOOPBACK, "PORT": postgres.port}
    with closing(connect(server, user="master", password="master")) as admin:
        return [
            ensure_database(admin, name=name, owner=f"{name}-owner", password=password)
            for name, password in passwords.items()
        ]


def ask(postgres: Postgres, database: str, *, user: str, password: str) -> None:
    dsn = {"host": LOOPBACK, "port": postgres.port, "dbname": database, "user": user, "password": password}
    with closing(psycopg2.connect(**dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE tried (id int); DROP TABLE tried")


def test_each_owner_has_its_database_and_no_other(postgres: Postgres) -> None:
    made(postgres, PASSWORDS)

    ask(postgres, "shop", user="shop-owner", password="its own")
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        ask(postgres, "till", user="shop-owner", password="its own")


def test_twice_does_no_harm_and_changes_passwords(postgres: Postgres) -> None:
    made(postgres, PASSWORDS)

    assert made(postgres, PASSWORDS | {"shop": "a new one"}) == [False, False]
    ask(postgres, "shop", user="shop-owner", password="a new one")


def test_without_the_servers_password_the_command_says_so() -> None:
    with pytest.raises(CommandError, match="ECOM_POSTGRES_ADMIN_PASSWORD"):
        call_command("ensure_databases")
