"""Static files in a bucket, as the release's job puts them there and pages link to them."""

import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import urllib3

from local.provision import LOCAL_CREDENTIALS
from local.servers import free_port
from local.servers.moto import Moto
from tests.service_process import environment_of, manage

BUCKET = "ecom-test-static"
SCRIPT = (
    "from django.contrib.staticfiles.storage import staticfiles_storage as s; print('at', s.url('admin/css/base.css'))"
)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Moto(tmp_path_factory.mktemp("moto"), free_port()) as server:
        yield server.endpoint


def test_a_page_links_to_the_hashed_file_that_the_job_has_put_into_the_bucket(endpoint: str, tmp_path: Path) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="eu-central-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    values = {
        **LOCAL_CREDENTIALS,
        "AWS_ENDPOINT_URL_S3": endpoint,
        "ECOM_STATIC_FILES": f"s3://{BUCKET}",
        "ECOM_STATIC_ROOT": str(tmp_path),
    }
    environment = environment_of("backoffice", **values)
    packages = environment | {"ECOM_STATIC_FILES": "collected"}
    collected = manage("collectstatic", "--no-input", "--ignore", "drf_spectacular_sidecar", environment=packages)
    assert collected.returncode == 0, collected.stderr
    put = [manage("put_static_files", environment=environment).stdout for _ in range(2)]
    assert re.fullmatch(r"[1-9][0-9]* new files, 0 were there\n", put[0])
    assert re.fullmatch(r"0 new files, [1-9][0-9]* were there\n", put[1])
    shown = manage("shell", "--no-imports", "--command", SCRIPT, environment=environment)
    (address,) = re.findall(r"^at (\S+)$", shown.stdout, re.MULTILINE)
    assert re.search(r"/admin/css/base\.[0-9a-f]{12}\.css\?X-Amz-Algorithm=", address)
    answer = urllib3.request("GET", address, retries=False)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/css")
    assert "immutable" in answer.headers["Cache-Control"]


def test_without_a_bucket_or_collected_files_nothing_is_put(tmp_path: Path) -> None:
    nowhere = manage("put_static_files", environment=environment_of("backoffice"))
    assert "names no bucket" in nowhere.stderr
    values = {**LOCAL_CREDENTIALS, "ECOM_STATIC_FILES": f"s3://{BUCKET}", "ECOM_STATIC_ROOT": str(tmp_path)}
    empty = manage("put_static_files", environment=environment_of("backoffice", **values))
    assert "nothing has been collected" in empty.stderr
