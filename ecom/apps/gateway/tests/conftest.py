"""A real gateway in front of a service that each test tells how to behave."""

from collections.abc import Iterator

import pytest

from ecom.apps.gateway.tests.gateway_process import Gateway, running_gateway
from ecom.apps.gateway.tests.upstream_server import OK, UpstreamServer, answers


@pytest.fixture(scope="package")
def upstream_server() -> Iterator[UpstreamServer]:
    with UpstreamServer() as server:
        yield server


@pytest.fixture(scope="package")
def gateway(upstream_server: UpstreamServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), upstream_server.url) as process:
        yield process


@pytest.fixture
def upstream(upstream_server: UpstreamServer) -> UpstreamServer:
    """The service, which answers `ok` until told otherwise."""
    upstream_server.drop_connections()
    upstream_server.behaviour = answers(OK)
    upstream_server.requests.clear()
    return upstream_server
