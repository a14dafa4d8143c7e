"""Kafka's user and password from Google's Secret Manager, for the driver on Dataproc: who the machine is may read it.

The metadata server knows the node's service account and hands out its tokens to what runs on the node; so there is no
password in a request, a flag or a file. A secret's value is JSON: {"username": …, "password": …}, as MSK has it.

https://cloud.google.com/compute/docs/access/authenticate-workloads#applications
https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
"""

import base64
import json
import os
import urllib.request
from typing import Any

from streaming.failures import NotReady
from streaming.google_api import endpoint

METADATA = "GCE_METADATA_HOST"  # the variable by which Google's own libraries are told of another one
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path
TIMEOUT_SECONDS = 10.0


def read(secret: str) -> tuple[str, str]:
    """User and password of `projects/…/secrets/…`, its newest version. Raises NotReady, which names no value."""
    try:
        server = os.environ.get(METADATA, "metadata.google.internal")
        token = _get(f"http://{server}{TOKEN}", {"Metadata-Flavor": "Google"})["access_token"]
        address = f"{endpoint('secretmanager')}/v1/{secret}/versions/latest:access"
        answer = _get(address, {"Authorization": f"Bearer {token}"})
    except (OSError, ValueError, KeyError) as error:
        raise NotReady(f"Kafka's user and password cannot be read from {secret}: {error!r}") from error
    try:
        found = json.loads(base64.b64decode(answer["payload"]["data"], validate=True))
        return str(found["username"]), str(found["password"])
    except (ValueError, KeyError, TypeError):
        raise NotReady(f"the value of {secret} is not JSON with username and password") from None


def _get(url: str, headers: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - Google's addresses
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
        return found
