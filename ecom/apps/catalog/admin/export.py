"""Products as a file: what the list shows, with its search and filters."""

from typing import Any, ClassVar

from import_export.fields import Field
from import_export.formats.base_formats import CSV, XLSX
from import_export.resources import ModelResource

from ecom.apps.catalog.models import Product

FORMATS = [CSV, XLSX]
MOST_ROWS = 10_000  # the file is made in memory: 3 s of a processor and 70 MB as a spreadsheet


class ProductResource(ModelResource):  # type: ignore[misc] # import_export brings no types
    """The columns of the loader's file, so that what goes out can be read in again. Prices are in minor units."""

    category = Field(attribute="category__path", column_name="category")

    class Meta:
        model = Product
        chunk_size = 1000
        fields: ClassVar[Any] = (
            "product_id",
            "title",
            "description",
            "brand",
            "category",
            "price_amount",
            "currency",
            "stock",
            "image_url",
            "active",
            "updated_at",
        )
        export_order = fields
