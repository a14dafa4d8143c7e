"""The product's settings in a process that ends itself by SIGKILL at a chosen point between its databases and services.

Points are numbered in the order in which a request passes them: before and after each call of another service, before
each SQL statement, before and after each commit. `DIE_AT` names a file; while it is there, points are counted, and at
the one whose number it holds the process dies, once: the file goes first.
"""

import os
import signal
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from urllib3 import HTTPConnectionPool

from ecom.settings import *  # noqa: F403

_order = Path(os.environ["DIE_AT"])
_points = count(1)


def _pass_point() -> None:
    if _order.exists() and next(_points) >= int(_order.read_text()):
        _order.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _before_statement(execute: Callable[..., Any], *arguments: Any) -> Any:
    _pass_point()
    return execute(*arguments)


def _watch(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    connection.execute_wrappers.append(_before_statement)


def _around(function: Callable[..., Any]) -> Callable[..., Any]:
    def passing(*arguments: Any, **named: Any) -> Any:
        _pass_point()
        result = function(*arguments, **named)
        _pass_point()
        return result

    return passing


connection_created.connect(_watch, weak=False)
BaseDatabaseWrapper._commit = _around(BaseDatabaseWrapper._commit)
HTTPConnectionPool.urlopen = _around(HTTPConnectionPool.urlopen)
