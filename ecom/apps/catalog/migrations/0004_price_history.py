"""What each product cost, and since when. Triggers write it, so that no writer can forget to.

A new product's price is that of its creation; a batch of them is one insert. A changed price counts from the moment at
which its row was locked and written, by the clock: two who change a product follow each other, also where the second
one's transaction began first. Whatever leaves the price as it is, as selling a unit does, costs nothing.
"""

import django.db.models.deletion
from django.db import migrations, models

NEW_PRICES = """
CREATE FUNCTION catalog_keep_new_prices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_price (product_id, amount, currency, since)
    SELECT id, price_amount, currency, created_at FROM new_products ORDER BY id;
    RETURN NULL;
END $$;
CREATE TRIGGER product_new_price AFTER INSERT ON catalog_product REFERENCING NEW TABLE AS new_products
FOR EACH STATEMENT EXECUTE FUNCTION catalog_keep_new_prices();
"""
CHANGED_PRICE = """
CREATE FUNCTION catalog_keep_changed_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_price (product_id, amount, currency, since)
    VALUES (NEW.id, NEW.price_amount, NEW.currency, clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER product_changed_price AFTER UPDATE OF price_amount, currency ON catalog_product FOR EACH ROW
WHEN ((OLD.price_amount, OLD.currency) IS DISTINCT FROM (NEW.price_amount, NEW.currency))
EXECUTE FUNCTION catalog_keep_changed_price();
"""
# Since when they cost this is not known; from now on it is.
FIRST_PRICES = """
INSERT INTO catalog_price (product_id, amount, currency, since)
SELECT id, price_amount, currency, statement_timestamp() FROM catalog_product ORDER BY id
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_reservations")]
    operations = [
        migrations.CreateModel(
            name="Price",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", models.BigIntegerField(help_text="In minor units, such as cents.")),
                ("currency", models.CharField(max_length=3)),
                ("since", models.DateTimeField()),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prices",
                        to="catalog.product",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["product", "id"], name="price_product")],
            },
        ),
        migrations.RunSQL(FIRST_PRICES, migrations.RunSQL.noop),
        migrations.RunSQL(
            NEW_PRICES,
            "DROP TRIGGER product_new_price ON catalog_product; DROP FUNCTION catalog_keep_new_prices()",
        ),
        migrations.RunSQL(
            CHANGED_PRICE,
            "DROP TRIGGER product_changed_price ON catalog_product; DROP FUNCTION catalog_keep_changed_price()",
        ),
    ]
