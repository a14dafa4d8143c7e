"""Files of products in the backoffice: into the bucket, and what became of them out of it again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ecom.apps.catalog.admin import imports as imports_admin
from ecom.apps.catalog.clients import imports
from ecom.backoffice.tests.staff import verified
from local.provision import create_imports, session
from local.servers import Moto, free_port

pytestmark = pytest.mark.django_db
PAGE = "/admin/catalog/product/imports/"
UPLOADS, REPORTS = "ecom-local-product-uploads", "ecom-local-import-reports"


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with Moto(tmp_path_factory.mktemp("moto"), free_port()) as server:
        create_imports(server.endpoint, client_secret="not used here")
        yield server


@pytest.fixture
def s3(moto: Moto, settings: Any) -> Iterator[Any]:
    settings.S3_ENDPOINT, settings.UPLOADS_BUCKET, settings.REPORTS_BUCKET = moto.endpoint, UPLOADS, REPORTS
    imports._s3.cache_clear()
    yield session().client("s3", endpoint_url=moto.endpoint)
    imports._s3.cache_clear()


@pytest.fixture
def staff(client: Client) -> Client:
    return verified(client, get_user_model().objects.create_superuser("staff@example.com", password="not-used"))


def file(content: bytes, name: str = "liste+1.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def write_report(s3: Any, key: str, **values: Any) -> None:
    body = {
        "status": "finished",
        "rows_read": 3,
        "rejected": 1,
        "size": 10,
        "bytes_read": 10,
        "errors_key": "",
        **values,
    }
    s3.put_object(Bucket=REPORTS, Key=f"reports/{key}/a-version.json", Body=json.dumps(body).encode())


def uploaded_key(response: Any) -> str:
    return response.context["found"].key


def test_a_file_and_its_mapping_go_into_a_folder_of_their_own(s3, staff: Client) -> None:
    page = staff.post(PAGE, {"file": file(b"id;VK\n"), "mapping": file(b"{}", "any.json")}, follow=True)
    key = uploaded_key(page)
    assert key.endswith("/liste+1.csv")
    assert s3.get_object(Bucket=UPLOADS, Key=key)["Body"].read() == b"id;VK\n"
    assert s3.get_object(Bucket=UPLOADS, Key=key.replace(".csv", ".mapping.json"))["Body"].read() == b"{}"
    assert "its import begins in a moment" in page.content.decode()
    entry = LogEntry.objects.get()
    assert (entry.object_repr, entry.change_message) == (key, "Uploaded to be imported.")


def test_a_page_of_a_running_import_comes_again_by_itself_and_a_finished_one_does_not(s3, staff: Client) -> None:
    key = uploaded_key(staff.post(PAGE, {"file": file(b"x")}, follow=True))
    write_report(s3, key, status="running", bytes_read=5)
    running = staff.get(PAGE, {"key": key}).content.decode()
    assert 'http-equiv="refresh"' in running
    assert "50 %" in running
    write_report(s3, key, created=2)
    finished = staff.get(PAGE, {"key": key}).content.decode()
    assert 'http-equiv="refresh"' not in finished
    assert "The import is finished." in finished


def test_why_a_file_failed_is_said_without_its_markup(s3, staff: Client) -> None:
    key = uploaded_key(staff.post(PAGE, {"file": file(b"x")}, follow=True))
    write_report(s3, key, status="failed", reason="The header is: <script>.")
    assert "has failed: The header is: &lt;script&gt;." in staff.get(PAGE, {"key": key}).content.decode()


def test_the_error_file_is_downloaded_under_the_files_name(s3, staff: Client) -> None:
    key = uploaded_key(staff.post(PAGE, {"file": file(b"x")}, follow=True))
    assert staff.get(PAGE, {"key": key, "errors": 1}).status_code == 404
    s3.put_object(Bucket=REPORTS, Key="reports/the.errors.csv", Body=b"error_line\r\n")
    write_report(s3, key, errors_key="reports/the.errors.csv")
    downloaded = staff.get(PAGE, {"key": key, "errors": 1})
    assert b"".join(downloaded) == b"error_line\r\n"
    assert downloaded["Content-Disposition"] == 'attachment; filename="liste+1.errors.csv"'


def test_the_newest_files_are_listed_first_and_mappings_are_not(s3, staff: Client) -> None:
    for name in ("first.csv", "second.csv"):
        staff.post(PAGE, {"file": file(b"x", name), "mapping": file(b"{}")})
    rows = staff.get(PAGE).context["table"]["rows"]
    names = [row[0]["title"] for row in rows]
    assert set(names[:2]) == {"first.csv", "second.csv"}
    assert not [name for name in names if name.endswith(".json")]


def test_what_is_too_large_or_absent_is_refused(s3, staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_admin, "MOST_BYTES", 1024)
    assert "larger than 1 KiB" in staff.post(PAGE, {"file": file(b"x" * 1025)}).content.decode()
    assert "This field is required" in staff.post(PAGE, {}).content.decode()
    assert staff.get(PAGE, {"key": "2020-01-01/nothing.csv"}).status_code == 404


def test_a_store_that_is_away_is_said_to_be(staff: Client) -> None:
    imports._s3.cache_clear()
    for page in (staff.get(PAGE), staff.get(PAGE, {"key": "any"}), staff.post(PAGE, {"file": file(b"x")})):
        assert page.status_code == 200
        assert "does not answer at the moment" in page.content.decode()


def test_the_products_page_leads_to_it(staff: Client) -> None:
    assert PAGE in staff.get("/admin/catalog/product/").content.decode()
