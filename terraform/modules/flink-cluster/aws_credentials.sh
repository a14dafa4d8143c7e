#!/bin/bash
# Lets boto3 on this node act as a role of AWS, without a key: `credential_process` fetches the node's identity token
# from Google's metadata server and exchanges it at AWS's STS. boto3 calls it again before the credentials expire.
#
# aws_credentials.sh [ROOT]: below which folder /etc and /root are. GCE_METADATA_HOST and AWS_ENDPOINT_URL_STS name other
# servers, as they do for Google's and AWS's own libraries.
set -euo pipefail
root=${1:-}

metadata() { # metadata PATH: a value of this instance, from the metadata server
  curl -sSf -H 'Metadata-Flavor: Google' "http://${GCE_METADATA_HOST:-metadata.google.internal}/computeMetadata/v1/instance/$1"
}

directory=$root/etc/ecom-aws
mkdir -p "$directory"

cat > "$directory/credentials.py" <<'PY'
"""Prints credentials as AWS's `credential_process` wants them: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html"""

import json
import os
import sys
import urllib.parse
import urllib.request

role, audience, region = sys.argv[1:]
SERVER = os.environ.get("GCE_METADATA_HOST", "metadata.google.internal")
METADATA = f"http://{SERVER}/computeMetadata/v1/instance/service-accounts/default/identity"
STS = os.environ.get("AWS_ENDPOINT_URL_STS", f"https://sts.{region}.amazonaws.com").rstrip("/")


def fetch(request):
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


query = urllib.parse.urlencode({"audience": audience, "format": "full"})
token = fetch(urllib.request.Request(f"{METADATA}?{query}", headers={"Metadata-Flavor": "Google"})).decode()
call = {
    "Action": "AssumeRoleWithWebIdentity",
    "Version": "2011-06-15",
    "RoleArn": role,
    "RoleSessionName": "dataproc",
    "DurationSeconds": "3600",
    "WebIdentityToken": token,
}
body = urllib.parse.urlencode(call).encode()
answer = fetch(urllib.request.Request(f"{STS}/", body, {"Accept": "application/json"}))
found = json.loads(answer)["AssumeRoleWithWebIdentityResponse"]["AssumeRoleWithWebIdentityResult"]["Credentials"]
expires = found["Expiration"]
if not isinstance(expires, str):  # STS's JSON has seconds since 1970
    from datetime import datetime, timezone

    expires = datetime.fromtimestamp(expires, timezone.utc).isoformat()
print(
    json.dumps(
        {
            "Version": 1,
            "AccessKeyId": found["AccessKeyId"],
            "SecretAccessKey": found["SecretAccessKey"],
            "SessionToken": found["SessionToken"],
            "Expiration": expires,
        }
    )
)
PY

role=$(metadata attributes/aws-role-arn)
audience=$(metadata attributes/aws-token-audience)
region=$(metadata attributes/aws-region)
cat > "$directory/config" <<CONFIG
[default]
region = $region
credential_process = /usr/bin/python3 $directory/credentials.py $role $audience $region
CONFIG
chmod 0755 "$directory"
chmod 0644 "$directory"/*

# Flink's containers are told of it by the cluster's properties; the driver of a job, which runs as root, finds it here.
mkdir -p "$root/root/.aws"
ln -sf "$directory/config" "$root/root/.aws/config"
