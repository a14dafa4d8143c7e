"""Products from a file: staff drop it here, and see how far its import is, what became of it and what to mend.

The file goes into the bucket from which the import function takes every file: there is one importer, with one set of
rules.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode
from unfold.widgets import UnfoldAdminFileFieldWidget

from ecom.apps.catalog.clients import imports
from ecom.apps.catalog.models import Product
from ecom.backoffice.display import moment
from ecom.backoffice.history import record_for_model

NAME = "catalog_product_imports"
MOST_BYTES = 50 * 1024 * 1024  # what arrives within the time that a request may take; larger ones go into the bucket
MOST_MAPPING_BYTES = 64 * 1024
SHOWN = 20


class FileForm(forms.Form):
    """A file, and what its columns are where they have names of their own."""

    file = forms.FileField(
        label="CSV file",
        help_text="Plain or gzip, up to 50 MiB. Needed are product id, title and price, in any order.",
        widget=UnfoldAdminFileFieldWidget,
    )
    mapping = forms.FileField(
        label="Mapping file",
        required=False,
        help_text='JSON, for columns with other names: {"columns": {"title": "Bezeichnung"}, "currency": "EUR"}',
        widget=UnfoldAdminFileFieldWidget,
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """Within what can be uploaded here."""
        return _within(self.cleaned_data["file"], MOST_BYTES)

    def clean_mapping(self) -> "UploadedFile[Any] | None":
        """A mapping file is small."""
        return _within(self.cleaned_data["mapping"], MOST_MAPPING_BYTES) if self.cleaned_data["mapping"] else None


class Imports:
    """The list with its form, and the report of one file: all under one URL."""

    def __init__(self, model_admin: Any) -> None:
        self.model_admin = model_admin

    def view(self, request: HttpRequest) -> HttpResponse:
        """The form sent, a file's report (`key`), its error file (`key` and `errors`), or the list."""
        if not self.model_admin.has_add_permission(request):
            raise PermissionDenied
        try:
            if request.method == "POST":
                return self._upload(request)
            if key := request.GET.get("key"):
                return self._one(request, key)
            return self._list(request, FileForm())
        except imports.ImportsUnavailable:
            messages.error(request, "The store of files does not answer at the moment. Try again shortly.")
            return self._page(request, "list.html", form=FileForm(), table=None)

    def _upload(self, request: HttpRequest) -> HttpResponse:
        form = FileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._list(request, form)
        file, mapping = form.cleaned_data["file"], form.cleaned_data["mapping"]
        key = imports.upload(name=file.name, content=file.file, mapping=mapping.read() if mapping else None)
        record_for_model(request, Product, key, "Uploaded to be imported.")
        return HttpResponseRedirect(_place(key))

    def _one(self, request: HttpRequest, key: str) -> HttpResponse:
        found = imports.file_import(key)
        if found is None:
            raise Http404("There is no such file.")
        if "errors" in request.GET:
            return _download(found)
        figures = [(name, found.report.get(name, 0)) for name in ("created", "updated", "unchanged", "rejected")]
        return self._page(request, "report.html", found=found, figures=figures, place=_place(key))

    def _list(self, request: HttpRequest, form: FileForm) -> HttpResponse:
        rows = [
            [
                {"title": found.name, "link": _place(found.key)},
                moment(found.uploaded_at),
                found.status,
                *(f"{found.report.get(name, 0):,}" for name in ("rows_read", "rejected")),
            ]
            for found in imports.recent(SHOWN)
        ]
        headers = ["File", "Uploaded", "State", "Rows", "Not taken"]
        return self._page(request, "list.html", form=form, table={"headers": headers, "rows": rows})

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        site = self.model_admin.admin_site.each_context(request)
        usual = {"title": "Import products from a file", "opts": self.model_admin.opts, "url": reverse(f"admin:{NAME}")}
        return TemplateResponse(request, f"admin/catalog/product/imports/{template}", {**site, **usual, **context})


def _within(file: "UploadedFile[Any]", most: int) -> "UploadedFile[Any]":
    if (file.size or 0) > most:
        raise forms.ValidationError(f"This is larger than {most // 1024:,} KiB.")
    return file


def _download(found: imports.FileImport) -> HttpResponse:
    if not found.report.get("errors_key"):
        raise Http404("Every row was taken.")
    name = f"{found.name.partition('.')[0]}.errors.csv"
    disposition = content_disposition_header(True, name) or "attachment"
    return StreamingHttpResponse(  # type: ignore[return-value] # a response, as all are
        imports.error_file(found), content_type="text/csv", headers={"Content-Disposition": disposition}
    )


def _place(key: str) -> str:
    return f"{reverse(f'admin:{NAME}')}?{urlencode({'key': key})}"
