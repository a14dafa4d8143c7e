"""A real gateway in front of a service that each test tells how to behave."""

from collections.abc import Iterator

import pytest

from ecom.apps.gateway import selectors
from ecom.apps.gateway.clients import catalog
from ecom.apps.gateway.product_hours import kept_hours
from ecom.apps.gateway.tests.analytics_data import AnalyticsTables, Present
from ecom.apps.gateway.tests.gateway_process import Gateway, running_gateway
from ecom.apps.gateway.tests.upstream_server import OK, UpstreamServer, answers
from local.servers import DynamoDB

FEW_STREAMS = 4


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


@pytest.fixture(scope="package")
def job(dynamodb: DynamoDB) -> AnalyticsTables:
    """The job's hand on the tables of DynamoDB Local."""
    return AnalyticsTables(dynamodb.endpoint)


@pytest.fixture
def tables(job: AnalyticsTables) -> AnalyticsTables:
    """Empty tables, of which this process has read nothing yet."""
    job.clear()
    forget_readings()
    return job


def forget_readings() -> None:
    """This process knows nothing of the tables any more, as one that has just begun."""
    selectors._newest.forget()
    selectors._kept_minutes().clear()
    kept_hours().clear()
    catalog.forget()


@pytest.fixture(scope="package")
def analytics_gateway(
    job: AnalyticsTables, dynamodb: DynamoDB, upstream_server: UpstreamServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway that reads DynamoDB Local, and is patient enough for windows that were written as a test began. It has
    room for a few streams.
    """
    variables = {
        "ECOM_DYNAMODB_ENDPOINT": dynamodb.endpoint,
        "ECOM_ANALYTICS_STALE_SECONDS": "300",
        "ECOM_STREAMS": str(FEW_STREAMS),
    }
    with running_gateway(tmp_path_factory.mktemp("analytics"), upstream_server.url, **variables) as process:
        yield process


@pytest.fixture
def present() -> Present:
    """The minute in which the test began."""
    return Present()
