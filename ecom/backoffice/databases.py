"""The contexts' databases and their owners on a new server, made with the server's own account."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection


def connect(database: Mapping[str, Any], *, user: str, password: str) -> connection:
    """To the server of a Django database, as somebody else."""
    opened = psycopg2.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=user,
        password=password,
        dbname="postgres",
        connect_timeout=10,
    )
    opened.autocommit = True  # a database is made outside of transactions
    return opened


def ensure_database(admin: connection, *, name: str, owner: str, password: str) -> bool:
    """Make a database and its owner, or give the owner this password; nobody else may connect to it.

    Returns whether the database is new. `admin` needs CREATEDB and CREATEROLE, not all rights.
    """
    database, role = sql.Identifier(name), sql.Identifier(owner)
    with closing(admin.cursor()) as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [owner])
        verb = sql.SQL("ALTER" if cursor.rowcount else "CREATE")
        cursor.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role, sql.Literal(password)))
        cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))  # only a member may give a database away
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        absent = not cursor.rowcount
        if absent:
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
        cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    return absent
