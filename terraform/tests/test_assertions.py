"""The modules' own tests (`*.tftest.hcl`) hold, and a fault that is planted into a copy fails one of them."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from terraform.tests.tool import TERRAFORM, copied, terraform

TESTED = sorted(path.parent.parent.relative_to(TERRAFORM) for path in TERRAFORM.glob("*/*/tests/*.tftest.hcl"))
# Those whose mistakes cost most, in every run; the others in the long one.
OFTEN = ("bucket", "service-role")


@dataclass(frozen=True)
class Fault:
    """A text of a module's main.tf, what stands there instead, and the run that must fail."""

    module: str
    written: str
    planted: str
    fails: str


FAULTS = {
    "a public bucket": Fault(
        "bucket", "block_public_policy     = true", "block_public_policy     = false", "nobody_outside_sees_it"
    ),
    "a bucket that allows everybody to read": Fault("bucket", '"Deny"', '"Allow"', "nobody_outside_sees_it"),
    "an unencrypted bucket": Fault("bucket", '"aws:kms"', '"AES256"', "objects_are_encrypted_and_kept_for_their_time"),
    "a star in a policy": Fault(
        "service-role", "Action = statement.actions", 'Action = ["*"]', "exactly_what_is_stated"
    ),
    "a star for resources": Fault(
        "service-role", "Resource = statement.resources", 'Resource = ["*"]', "exactly_what_is_stated"
    ),
    "a role for every service account": Fault(
        "service-role", "${var.namespace}:${var.service_account}", "*:*", "one_service_account_and_no_other"
    ),
    "more than the import function needs": Fault(
        "import-function", '"s3:GetObject", "s3:GetObjectVersion"', '"s3:*"', "the_function_may_do_what_is_stated"
    ),
    "images from every branch": Fault(
        "image-publisher", ":ref:refs/heads/${var.branch}", ":ref:refs/heads/*", "one_branch_of_one_repository"
    ),
    "an unencrypted database": Fault(
        "postgres",
        "storage_encrypted     = true",
        "storage_encrypted     = false",
        "the_server_is_private_and_encrypted",
    ),
    "an unencrypted disk of a node": Fault(
        "eks",
        "encrypted             = true",
        "encrypted             = false",
        "nodes_are_private_encrypted_and_keep_their_role",
    ),
    "a database open to the internet": Fault(
        "postgres",
        "referenced_security_group_id = var.clients_security_group_id",
        'cidr_ipv4 = "0.0.0.0/0"',
        "the_server_is_private_and_encrypted",
    ),
    "brokers open to the internet": Fault(
        "kafka",
        "referenced_security_group_id = var.clients_security_group_id",
        'cidr_ipv4 = "0.0.0.0/0"',
        "only_clients_prometheus_and_brokers_reach_the_brokers",
    ),
    "SCRAM open to everybody": Fault(
        "vpn",
        "cidr_ipv4         = var.google_cidr",
        'cidr_ipv4         = "0.0.0.0/0"',
        "kafka_is_open_to_googles_subnet_by_scram_alone",
    ),
    "questions for names that may go anywhere": Fault(
        "node-names",
        'cidr_ipv4         = "${local.entry_point}/32"',
        'cidr_ipv4         = "0.0.0.0/0"',
        "the_endpoint_speaks_to_the_entry_point_alone",
    ),
    "Kafka without TLS": Fault(
        "kafka", 'client_broker = "TLS"', 'client_broker = "TLS_PLAINTEXT"', "kafka_is_encrypted_and_knows_its_clients"
    ),
    "Kafka without SCRAM": Fault("kafka", "scram = true", "scram = false", "kafka_is_encrypted_and_knows_its_clients"),
    "Kafka that allows what no list forbids": Fault(
        "kafka",
        '"allow.everyone.if.no.acl.found" = "false"',
        '"allow.everyone.if.no.acl.found" = "true"',
        "what_was_acknowledged_survives_a_broker",
    ),
    "acknowledged by one broker": Fault(
        "kafka",
        '"min.insync.replicas"            = "2"',
        '"min.insync.replicas"            = "1"',
        "what_was_acknowledged_survives_a_broker",
    ),
    "an alarm that goes nowhere": Fault(
        "queue", "alarm_actions       = [var.alerts_topic_arn]", "alarm_actions       = []", "what_fails_five_times"
    ),
    "any account of Google": Fault(
        "google-workload-role",
        '"accounts.google.com:sub"  = var.service_account_unique_id',
        "",
        "one_account_of_google_and_no_other",
    ),
    "a public bucket at Google": Fault(
        "flink-cluster",
        'public_access_prevention    = "enforced"',
        'public_access_prevention    = "inherited"',
        "checkpoints_are_private",
    ),
}


@pytest.mark.parametrize(
    "module",
    [pytest.param(each, marks=() if each.name in OFTEN else pytest.mark.check_all) for each in TESTED],
    ids=lambda module: module.name,
)
def test_a_module_asserts_what_matters(module: Path, tmp_path: Path) -> None:
    done = terraform(copied(tmp_path) / module, "test", "-no-color")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Success! [1-9]", done.stdout), done.stdout


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(each, marks=() if name == "a public bucket" else pytest.mark.check_all, id=name)
        for name, each in FAULTS.items()
    ],
)
def test_a_planted_fault_fails_the_run_that_is_about_it(fault: Fault, tmp_path: Path) -> None:
    copy = copied(tmp_path)
    main = copy / "modules" / fault.module / "main.tf"
    assert fault.written in main.read_text()
    main.write_text(main.read_text().replace(fault.written, fault.planted))

    done = terraform(main.parent, "test", "-no-color")

    assert done.returncode == 1
    assert re.search(rf'run "{fault.fails}\w*"\.\.\. fail', done.stdout), done.stdout
