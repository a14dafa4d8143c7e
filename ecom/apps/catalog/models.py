"""Products, the tree of categories that they are found under, and the units that orders have reserved."""

from typing import Self

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator, URLValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Left, Lower, Now

# What a public id may be made of: it stands in URLs and in comma-separated lists as it is.
PRODUCT_ID_PATTERN = "[A-Za-z0-9._:~-]{1,64}"
TITLE_KEY_LENGTH = 120
MAX_PATH_LENGTH = 500
MAX_PRICE_AMOUNT = 10**12  # far below what a JSON number carries exactly (2 ** 53)
MAX_STOCK = 10**9  # the column takes twice as many, for units that come back
ORDER_ID_PATTERN = "[A-Za-z0-9_-]{1,64}"


class Category(models.Model):
    """A node of the tree. `path` is its ancestors' slugs and its own (`computers/notebooks`), and its public name."""

    name = models.CharField(max_length=100)
    slug = models.CharField(max_length=100, validators=[RegexValidator(r"\A[\w-]+\Z")])
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=MAX_PATH_LENGTH, editable=False, db_collation="C")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["path"], name="category_path")]
        verbose_name_plural = "categories"
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path

    def place(self) -> str:
        """The path that slug and parent give."""
        return f"{self.parent.path}/{self.slug}" if self.parent else self.slug

    def clean(self) -> None:
        """Raises ValidationError where the tree would become a circle, too deep, or have two nodes in one place."""
        place = self.place()
        if self.parent and self.path and f"{self.parent.path}/".startswith(f"{self.path}/"):
            raise ValidationError({"parent": "A category cannot stand below itself."})
        if len(place) > MAX_PATH_LENGTH:
            raise ValidationError({"slug": f"The path is longer than {MAX_PATH_LENGTH} characters."})
        if Category.objects.filter(path=place).exclude(pk=self.pk).exists():
            raise ValidationError({"slug": "There is a category in this place already."})


class ProductQuerySet(models.QuerySet["Product"]):
    def locked(self) -> Self:
        """These products, their rows locked until the transaction ends: by primary key, as everybody locks them.

        Two who lock several products at once so cannot wait for each other. Whoever needs more than products locks
        these last: categories come first, then reservations by `order_id`, then products.
        """
        return self.order_by("pk").select_for_update(no_key=True, of=("self",))


class Product(models.Model):
    """Something that is sold, under the public name `product_id`. Prices are in the currency's minor unit."""

    product_id = models.CharField(
        max_length=64, validators=[RegexValidator(rf"\A{PRODUCT_ID_PATTERN}\Z")], db_collation="C"
    )
    title = models.CharField(max_length=300)
    description = models.TextField(max_length=20_000, blank=True, db_default="")
    brand = models.CharField(max_length=100, blank=True, db_default="")
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="products", db_index=False
    )  # the index on (category, active) serves
    price_amount = models.BigIntegerField(
        validators=[MinValueValidator(0), MaxValueValidator(MAX_PRICE_AMOUNT)],
        help_text="In minor units, such as cents.",
    )
    currency = models.CharField(max_length=3, validators=[RegexValidator(r"\A[A-Z]{3}\Z")], help_text="ISO 4217 code.")
    stock = models.IntegerField(
        validators=[MinValueValidator(0), MaxValueValidator(MAX_STOCK)], help_text="Units that can be sold now."
    )
    image_url = models.CharField(
        max_length=500, blank=True, db_default="", validators=[URLValidator(schemes=["http", "https"])]
    )
    active = models.BooleanField(default=True, db_default=True, help_text="Only active products are public.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), auto_now=True)

    # Both follow their columns by themselves, whoever writes: the API, the loader or the admin. The functions are
    # those of the first migration, which says how text is compared and searched.
    title_key = models.GeneratedField(
        expression=Left(Func(F("title"), function="catalog_fold"), TITLE_KEY_LENGTH),
        output_field=models.CharField(max_length=TITLE_KEY_LENGTH, db_collation="C"),
        db_persist=True,
    )
    search_vector = models.GeneratedField(
        expression=Func(F("title"), F("brand"), F("description"), function="catalog_search_vector"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Not `unique=True`, with which Django adds a second index for LIKE; this one serves it (collation C).
            models.UniqueConstraint(fields=["product_id"], name="product_public_id"),
            models.CheckConstraint(name="product_price_not_negative", condition=Q(price_amount__gte=0)),
            models.CheckConstraint(name="product_stock_not_negative", condition=Q(stock__gte=0)),
            models.CheckConstraint(name="product_currency_iso_4217", condition=Q(currency__regex="^[A-Z]{3}$")),
            models.CheckConstraint(name="product_title_not_empty", condition=~Q(title="")),
        ]
        # None of them holds `stock`, so that selling a unit rewrites no index (a heap-only tuple update).
        indexes = [
            models.Index(fields=["price_amount", "id"], name="product_price", condition=Q(active=True)),
            models.Index(fields=["title_key", "id"], name="product_title", condition=Q(active=True)),
            models.Index(Lower("brand"), "id", name="product_brand", condition=Q(active=True)),
            models.Index(fields=["category", "active"], name="product_category"),
            # A short list of pending entries (kB): every search reads all of it.
            GinIndex(fields=["search_vector"], name="product_search", gin_pending_list_limit=512),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.title}"


class Price(models.Model):
    """What a product costs from a moment on, until its next one. Triggers write them, whoever changes the product."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="prices", db_index=False)
    amount = models.BigIntegerField(help_text="In minor units, such as cents.")
    currency = models.CharField(max_length=3)
    since = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["product", "id"], name="price_product")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} since {self.since}"


class BulkWrite(models.Model):
    """What a batch of products under a key did to each of them: two letters of the outcome for each, in order."""

    key = models.CharField(max_length=200, db_collation="C")
    digest = models.CharField(max_length=64, help_text="Of the batch.")
    outcomes = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], name="bulk_write_key")]
        indexes = [models.Index(fields=["created_at"], name="bulk_write_created")]

    def __str__(self) -> str:
        return self.key


class Reservation(models.Model):
    """Units that an order has taken out of the stock, all or none of its lines.

    A hold that is not confirmed in time expires; a confirmed one stays: the units are sold. Released and expired ones
    have given their units back. One without lines is a tombstone: it was released before it was asked for.
    """

    class State(models.TextChoices):
        HELD = "held"
        CONFIRMED = "confirmed"
        RELEASED = "released"
        EXPIRED = "expired"

    order_id = models.CharField(max_length=64, db_collation="C")
    state = models.CharField(max_length=9, choices=State)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(help_text="When a hold ends that is not confirmed.")
    ended_at = models.DateTimeField(null=True, help_text="When the units went back.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order_id"], name="reservation_order_id"),
            models.CheckConstraint(
                name="reservation_state",
                condition=Q(state__in=["held", "confirmed"], ended_at=None)
                | Q(state__in=["released", "expired"], ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="reservation_expiry", condition=Q(state="held")),
            models.Index(fields=["ended_at"], name="reservation_ended", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"


class ReservationLine(models.Model):
    """The units of one product, with the title and the price that it had when they were taken."""

    reservation = models.ForeignKey(Reservation, models.CASCADE, related_name="lines", db_index=False)
    product = models.ForeignKey(Product, models.PROTECT, related_name="reservation_lines")
    quantity = models.IntegerField()
    title = models.CharField(max_length=300)
    price_amount = models.BigIntegerField(help_text="In minor units, such as cents.")
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["reservation", "product"], name="reservation_line_product"),
            models.CheckConstraint(name="reservation_line_quantity", condition=Q(quantity__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of product {self.product_id}"
