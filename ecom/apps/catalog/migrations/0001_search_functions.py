"""How text is compared and searched: SQL functions, so that every writer and every query agree.

`catalog_fold` makes text comparable as a shopper expects: no case, no accents (`Cafetière` is `cafetiere`). It does so
with what PostgreSQL brings, because the extension `unaccent` is not everywhere. The collation is PostgreSQL's own, the
same on every operating system.

`catalog_words` then takes apart what the text search parser would keep whole: it reads `StarTech.com` as a host,
`RJ45/USB` as a file and `RS-232` as a negative number, and none of their parts would be found. Decimal numbers stay.

Both `english` and `simple` are searched. English stems let `cartridges` find `cartridge`, and let the words between
(`case for the iphone`) be ignored; the plain words find names that are made of such words (`The Who`, `IT`). The
description, where names are rare, is stemmed only, which keeps the index small.
"""

from django.db import migrations

FOLD = r"""
CREATE FUNCTION catalog_fold(content text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(
    translate(
        regexp_replace(normalize(lower(content COLLATE "pg_c_utf8"), NFD), '[\u0300-\u036f]', '', 'g'),
        'øłđðı', 'olddi'
    ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')
"""
WORDS = r"""
CREATE FUNCTION catalog_words(content text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(catalog_fold(content), '/|(?<=\w)-(?=\w)|(?<!\d)\.|\.(?!\d)', ' ', 'g')
"""
SEARCH_VECTOR = """
CREATE FUNCTION catalog_search_vector(title text, brand text, description text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN
    setweight(to_tsvector('english', catalog_words(title)) || to_tsvector('simple', catalog_words(title)), 'A')
    || setweight(to_tsvector('english', catalog_words(brand)) || to_tsvector('simple', catalog_words(brand)), 'B')
    || setweight(to_tsvector('english', catalog_words(description)), 'C')
"""
SEARCH_QUERY = """
CREATE FUNCTION catalog_search_query(words text) RETURNS tsquery LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN websearch_to_tsquery('english', catalog_words(words)) || websearch_to_tsquery('simple', catalog_words(words))
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(FOLD, "DROP FUNCTION catalog_fold(text)"),
        migrations.RunSQL(WORDS, "DROP FUNCTION catalog_words(text)"),
        migrations.RunSQL(SEARCH_VECTOR, "DROP FUNCTION catalog_search_vector(text, text, text)"),
        migrations.RunSQL(SEARCH_QUERY, "DROP FUNCTION catalog_search_query(text)"),
    ]
