"""What each service account may do in AWS: exactly the stated actions on exactly the stated resources, by the plan."""

import json
from pathlib import Path
from typing import Any

import pytest

from ecom.kafka_resources import JOB
from ecom.services import SERVICES
from k8s.tests.applications import applications, deployed
from k8s.tests.manifests import of_kind
from terraform.tests.plans import CLUSTER, DATA, Planned

pytestmark = pytest.mark.check_all
REGION, ACCOUNT = "eu-central-1", "123456789012"
KAFKA = f"arn:aws:kafka:{REGION}:{ACCOUNT}"
OF_CLUSTER, TOPIC, GROUP = (f"{KAFKA}:{kind}/ecom-dev/uuid-1" for kind in ("cluster", "topic", "group"))
TABLES = [
    f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}" for name in ("ecom-product-analytics", "ecom-trending-products")
]
QUEUES = {name: f"arn:aws:sqs:{REGION}:{ACCOUNT}:ecom-{name}" for name in ("customers", "catalog", "orders")}

READ = dict.fromkeys(("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"), TABLES)
CONNECT = {action: [OF_CLUSTER] for action in ("kafka-cluster:Connect", "kafka-cluster:DescribeCluster")}
WORK = ("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage")
SEND = ("GetQueueAttributes", "GetQueueUrl", "SendMessage")


def publish(topic: str) -> dict[str, list[str]]:
    return CONNECT | {f"kafka-cluster:{verb}": [f"{TOPIC}/{topic}"] for verb in ("DescribeTopic", "WriteData")}


def work(context: str) -> dict[str, list[str]]:
    allowed = {f"sqs:{verb}": [QUEUES[context]] for verb in WORK}
    return allowed | {"sqs:GetQueueAttributes": [QUEUES[context], f"{QUEUES[context]}-failed"]}


ALLOWED: dict[str, dict[str, list[str]]] = {
    "gateway": READ,
    "gateway-stream": READ,
    "customers": {},
    "catalog": {},
    "orders": {},
    "activity": publish("ecom-raw-events"),
    "backoffice": {
        "s3:PutObject": ["arn:aws:s3:::ecom-dev-product-uploads/*"],
        "s3:GetObject": [f"arn:aws:s3:::ecom-dev-{name}/*" for name in ("product-uploads", "import-reports", "static")],
        "s3:ListBucket": ["arn:aws:s3:::ecom-dev-product-uploads", "arn:aws:s3:::ecom-dev-import-reports"],
    },
    "customers-worker": work("customers") | publish("ecom-customer-events"),
    "catalog-worker": work("catalog"),
    "orders-worker": work("orders")
    | publish("ecom-order-events")
    | {
        "kafka-cluster:DescribeTopic": [f"{TOPIC}/ecom-customer-events", f"{TOPIC}/ecom-order-events"],
        "kafka-cluster:ReadData": [f"{TOPIC}/ecom-customer-events"],
        "kafka-cluster:AlterGroup": [f"{GROUP}/orders"],
        "kafka-cluster:DescribeGroup": [f"{GROUP}/orders"],
    },
    "beat": {f"sqs:{verb}": list(QUEUES.values()) for verb in SEND}
    | {"sqs:GetQueueAttributes": [name for queue in QUEUES.values() for name in (queue, f"{queue}-failed")]},
}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return Planned(tmp_path_factory.mktemp("plan"), CLUSTER)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    return Planned(tmp_path_factory.mktemp("data"), DATA)


def rights(policy: str) -> dict[str, set[str]]:
    """Action -> resources, of all statements."""
    allowed: dict[str, set[str]] = {}
    for statement in json.loads(policy)["Statement"]:
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            allowed.setdefault(action, set()).update(statement["Resource"])
    return allowed


def own(service: str) -> dict[str, list[str]]:
    """What all of the platform may: read their own secret, use the key."""
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:ecom/dev/{service}-??????"
    key = [f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"]
    read = {f"secretsmanager:{verb}": [secret] for verb in ("DescribeSecret", "GetSecretValue")}
    return read | {"kms:Decrypt": key, "kms:GenerateDataKey": key}


def test_each_service_may_do_what_is_stated(plan: Planned) -> None:
    assert ALLOWED.keys() == SERVICES.keys() - {"monolith"}
    for service, allowed in ALLOWED.items():
        policy = plan.one("aws_iam_role_policy", f'module.role["{service}"]')["policy"]
        assert rights(policy) == {action: set(resources) for action, resources in (allowed | own(service)).items()}


def test_githubs_workflow_pushes_images_and_nothing_else(plan: Planned) -> None:
    registries = {f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}" for name in ("ecom", "ecom-streaming")}
    allowed = rights(plan.one("aws_iam_role_policy", "module.image_publisher")["policy"])

    assert allowed.pop("ecr:GetAuthorizationToken") == {"*"}
    assert {action.partition(":")[0] for action in allowed} == {"ecr"}
    assert all(resources == registries for resources in allowed.values())


def test_a_star_alone_is_for_what_only_reads(plan: Planned) -> None:
    for role in plan.all("aws_iam_role_policy"):
        for action, resources in rights(role["policy"]).items():
            assert "*" not in action
            assert "*" not in resources or action.split(":")[1].startswith(("Describe", "Get", "List"))


def test_roles_are_named_for_environment_and_service_account(plan: Planned) -> None:
    names: dict[str, Any] = {role["name"]: role for role in plan.all("aws_iam_role", "module.role[")}

    assert {f"ecom-dev-{service}" for service in ALLOWED} <= names.keys()


def test_no_two_states_make_a_role_of_the_same_name(plan: Planned, data: Planned) -> None:
    names = [role["name"] for each in (plan, data) for role in each.all("aws_iam_role")]

    assert len(set(names)) == len(names)


def test_the_flink_jobs_secrets_are_where_it_is_told_to_look(data: Planned) -> None:
    """Of AWS for the commands in Kubernetes, of Google for the driver; both for the user that Kafka's lists name."""
    flink = next(each for each in applications("dev") if each["metadata"]["name"] == "flink")
    (secret,) = of_kind(deployed(flink), "ExternalSecret")
    (options,) = (each["data"] for each in of_kind(deployed(flink), "ConfigMap"))

    assert {each["remoteRef"]["key"] for each in secret["spec"]["data"]} == {
        data.one("aws_secretsmanager_secret", "module.kafka.")["name"]
    }
    assert options["STREAMING_KAFKA_SECRET"].endswith(
        f"/secrets/{data.one('google_secret_manager_secret')['secret_id']}"
    )
    reader = data.one("google_secret_manager_secret_iam_member")
    assert (reader["member"], reader["role"]) == (
        "serviceAccount:nodes@example",
        "roles/secretmanager.secretAccessor",
    )
    assert data.one("aws_secretsmanager_secret", "module.kafka.")["name"].endswith(f"-{JOB.removeprefix('User:')}")


def test_argo_cds_overlays_find_their_roles(plan: Planned) -> None:
    names = {role["name"].removeprefix("ecom-dev-") for role in plan.all("aws_iam_role", "module.role[")}
    overlays = Path(__file__).parents[2] / "k8s" / "overlays" / "dev"
    services = {folder.name for folder in overlays.iterdir() if folder.is_dir()} - {"environment", "namespace"}

    assert services - {"observability"} <= names
