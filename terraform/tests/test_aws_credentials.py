"""A node of the Flink cluster becomes a role of AWS without a key, by the script that it starts with and by boto3.

Metadata server and STS are stand-ins that answer as their references say:
https://cloud.google.com/compute/docs/instances/verifying-instance-identity and
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

import json
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import botocore.session
import pytest
from botocore.exceptions import CredentialRetrievalError

from terraform.tests.tool import TERRAFORM

SCRIPT = TERRAFORM / "modules" / "flink-cluster" / "aws_credentials.sh"
ROLE, AUDIENCE, REGION = "arn:aws:iam::111111111111:role/ecom-dev-dataproc", "ecom-dev", "eu-central-1"
ATTRIBUTES = {"aws-role-arn": ROLE, "aws-token-audience": AUDIENCE, "aws-region": REGION}
SECONDS = 60


class Clouds:
    """Google's metadata server and AWS's STS on one port."""

    def __init__(self) -> None:
        self.exchanged: list[dict[str, str]] = []
        self.seconds, self.refuses = 3600, False
        clouds = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                place = urllib.parse.urlsplit(self.path)
                found = clouds.metadata(place.path, dict(urllib.parse.parse_qsl(place.query)))
                known = self.headers["Metadata-Flavor"] == "Google"
                self.reply(200 if known and found else 403, found or "")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                assert self.headers["Accept"] == "application/json"  # else STS answers by XML
                self.reply(403 if clouds.refuses else 200, clouds.sts(dict(urllib.parse.parse_qsl(body))))

            def reply(self, status: int, text: str) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.http.server_port}"

    def metadata(self, path: str, query: dict[str, str]) -> str | None:
        """A value of the instance."""
        below = path.removeprefix("/computeMetadata/v1/instance/")
        if below == "service-accounts/default/identity":
            return f"token for {query['audience']}, {query['format']}"
        return ATTRIBUTES.get(below.removeprefix("attributes/"))

    def sts(self, asked: dict[str, str]) -> str:
        """The role's credentials."""
        self.exchanged.append(asked)
        credentials = {
            "AccessKeyId": f"ASIA{len(self.exchanged)}",
            "SecretAccessKey": "secret",
            "SessionToken": "session",
            "Expiration": time.time() + self.seconds,
        }
        result = {"AssumeRoleWithWebIdentityResult": {"Credentials": credentials}}
        return json.dumps({"AssumeRoleWithWebIdentityResponse": result})


@pytest.fixture
def clouds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clouds]:
    server = Clouds()
    threading.Thread(target=server.http.serve_forever, daemon=True).start()
    monkeypatch.setenv("GCE_METADATA_HOST", server.address)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://{server.address}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def session(clouds: Clouds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> botocore.session.Session:
    """What boto3 is in a container of Flink's on a node that has started."""
    subprocess.run(["bash", SCRIPT, tmp_path], check=True, capture_output=True, timeout=SECONDS)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "etc" / "ecom-aws" / "config"))
    return botocore.session.Session()


def test_boto3_acts_as_the_role_with_the_nodes_identity(session: botocore.session.Session, clouds: Clouds) -> None:
    credentials = session.get_credentials()
    assert credentials
    frozen = credentials.get_frozen_credentials()

    assert (frozen.access_key, frozen.secret_key, frozen.token) == ("ASIA1", "secret", "session")
    assert session.get_config_variable("region") == REGION
    (asked,) = clouds.exchanged
    assert asked == {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": "dataproc",
        "DurationSeconds": "3600",
        "WebIdentityToken": f"token for {AUDIENCE}, full",
    }


def test_credentials_are_fetched_anew_before_they_expire(session: botocore.session.Session, clouds: Clouds) -> None:
    clouds.seconds = 60  # less than botocore leaves
    credentials = session.get_credentials()
    assert credentials
    first = credentials.get_frozen_credentials().access_key

    assert first == f"ASIA{len(clouds.exchanged)}"
    assert credentials.get_frozen_credentials().access_key != first


def test_a_refusal_is_an_error_and_no_empty_credentials(session: botocore.session.Session, clouds: Clouds) -> None:
    clouds.refuses = True

    with pytest.raises(CredentialRetrievalError, match="403"):
        session.get_credentials()


def test_the_driver_finds_the_same_and_no_token_is_on_the_disk(
    session: botocore.session.Session, tmp_path: Path
) -> None:
    written = {path.relative_to(tmp_path): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}

    config = Path("etc", "ecom-aws", "config")
    assert written.keys() == {config, config.with_name("credentials.py"), Path("root", ".aws", "config")}
    assert written[Path("root", ".aws", "config")] == written[config]
    assert not [text for text in written.values() if "token for" in text]
