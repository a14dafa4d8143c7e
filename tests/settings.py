"""Settings of the tests: the product's own, in an environment of embedded servers."""

import os

from tests.tokens import KEY_ID, public_key_set, signing_key

# Each of pytest-xdist's workers (gw0, gw1, …) has servers of its own.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORT_OFFSET = int(os.environ.get("TEST_PORT_OFFSET", "500")) + 50 * WORKER
POSTGRES_PORT = 15432 + PORT_OFFSET
KAFKA_PORT = 19092 + PORT_OFFSET
DYNAMODB_PORT = 18000 + PORT_OFFSET
# Nothing listens here: a test that reaches an upstream starts one.
UNUSED_PORT = 7999 + PORT_OFFSET

os.environ.update(
    ECOM_SERVICE="monolith",
    ECOM_SECRET_KEY="only-for-tests-and-never-anywhere-else",
    ECOM_VISITOR_KEY="only-for-tests-and-never-anywhere-else",
    ECOM_ALLOWED_HOSTS="testserver,127.0.0.1,localhost",
    ECOM_TOKEN_KEYS=public_key_set(),
    ECOM_TOKEN_SIGNING_KEY=signing_key(),
    ECOM_TOKEN_SIGNING_KEY_ID=KEY_ID,
    ECOM_SERVICE_CLIENT_ID="orders",
    ECOM_SERVICE_CLIENT_SECRET="only-for-tests-and-never-anywhere-else",
    ECOM_MAIL_URL="file:///dev/null",  # Django keeps the mails of tests in memory
    ECOM_MAIL_FROM="shop@example.com",
    ECOM_STOREFRONT_URL="https://shop.example.com",
    ECOM_KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{KAFKA_PORT}",
    ECOM_DYNAMODB_ENDPOINT=f"http://127.0.0.1:{DYNAMODB_PORT}",
    ECOM_BROKER_URL="sqs://local:local@127.0.0.1:15500",
    ECOM_BROKER_QUEUE_PREFIX="http://127.0.0.1:15500/123456789012/ecom-",
    ECOM_S3_ENDPOINT="http://127.0.0.1:1",
    ECOM_UPLOADS_BUCKET="uploads",
    ECOM_REPORTS_BUCKET="reports",
    AWS_REGION="eu-central-1",
    AWS_ACCESS_KEY_ID="local",
    AWS_SECRET_ACCESS_KEY="local",
    **{
        f"ECOM_{alias.upper()}_DSN": f"postgresql://ecom:ecom@127.0.0.1:{POSTGRES_PORT}/{alias}"
        for alias in ("customers", "catalog", "orders")
    },
    **{
        f"ECOM_UPSTREAM_{name.upper()}": f"http://127.0.0.1:{UNUSED_PORT}"
        for name in ("customers", "catalog", "orders", "activity")
    },
)

from ecom.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the product's takes its time, by design
