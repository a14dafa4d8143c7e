"""Makes a whole environment, or takes it away: `python terraform/environment.py plan|apply|destroy dev`.

Each state is Terraform's alone; this only keeps their order, and makes the bucket of the states where there is none.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TERRAFORM = Path(__file__).resolve().parent
ENVIRONMENTS = ("dev", "staging", "production")
ORDER = ("network", "data", "cluster", "interconnect", "argocd")
REGION: Final = "eu-central-1"


def bucket_of(environment: str) -> str:
    """The bucket of an environment's states, as each `backend.tf` names it."""
    return f"ecom-{environment}-terraform-state"


def ensure_bucket(s3: "S3Client", bucket: str) -> None:
    """Make the bucket of the states: versioned, encrypted, by TLS alone, never public. What is there stays."""
    try:
        s3.head_bucket(Bucket=bucket)
        return
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}]
        },
    )
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))  # type: ignore[arg-type]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_by_tls_alone(bucket)))


def _by_tls_alone(bucket: str) -> dict[str, object]:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def run(action: str, environment: str, options: Sequence[str]) -> int:
    """Run Terraform in each state, in order or backwards; return the first exit code that is not 0."""
    for state in ORDER if action != "destroy" else reversed(ORDER):
        for command in (["init", "-input=false"], [action, *options]):
            place = f"-chdir={TERRAFORM / 'environments' / environment / state}"
            if code := subprocess.run(["terraform", place, *command], check=False).returncode:
                print(f"{state}: terraform {command[0]} ended with {code}; later states are as they were")
                return code
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("action", choices=("plan", "apply", "destroy"))
    parser.add_argument("environment", choices=ENVIRONMENTS)
    arguments, options = parser.parse_known_args()
    ensure_bucket(boto3.client("s3", region_name=REGION), bucket_of(arguments.environment))
    return run(arguments.action, arguments.environment, options)


if __name__ == "__main__":
    sys.exit(main())
