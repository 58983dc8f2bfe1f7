"""Fills a library with drawn vectors: assets, words, embeddings, labels, collections, renditions.

Written by SQL and COPY: a million assets take minutes so, and hours through the models.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import md5, sha256
from typing import Any
from uuid import UUID

from bench.gap import CLUSTERS, DIMENSIONS, Gap
from bench.support import run

# Shares of the library that have a label each.
SHARES = (0.5, 0.3, 0.1, 0.01, 0.001, 0.0001)
CLUSTERED = "30 % in clusters"
# Numbers of further labels and collections; of the nth, a share of this over n has it.
FURTHER, MOST_FREQUENT = 60, 0.05
_OPEN = """
UPDATE search_asset SET audience_id = (SELECT id FROM search_audience)
WHERE id IN (SELECT asset_id FROM search_collection_assets)
"""
# A library in which each asset is in one of 2,000 collections that are not open, a tenth in a
# second one, and 200 groups have grants to 40 of these each; "viewer" is in ten of the groups.
_RESTRICTED = """
INSERT INTO search_collection (name, slug, is_open)
SELECT 'restricted ' || n, 'restricted-' || n, false FROM generate_series(1, 2000) n;
INSERT INTO auth_group (name) SELECT 'group ' || n FROM generate_series(1, 200) n;
INSERT INTO search_grant (collection_id, group_id, level)
SELECT c.id, g.id, 'view' FROM auth_group g, generate_series(0, 39) nth, search_collection c
WHERE c.slug = 'restricted-' || (1 + (substr(g.name, 7)::int * 37 + nth * 47) % 2000);
INSERT INTO search_user (username, password, is_superuser, is_staff, is_active, first_name,
    last_name, email, date_joined) VALUES ('viewer', '!', false, false, true, '', '', '', now());
INSERT INTO search_user_groups (user_id, group_id)
SELECT u.id, g.id FROM search_user u, auth_group g WHERE u.username = 'viewer'
    AND substr(g.name, 7)::int <= 10;
INSERT INTO search_collection_assets (collection_id, asset_id)
SELECT c.id, a.id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM search_asset) a
JOIN search_collection c ON c.slug = 'restricted-' || (1 + a.n % 2000)
UNION ALL
SELECT c.id, a.id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM search_asset) a
JOIN search_collection c ON c.slug = 'restricted-' || (1 + (a.n / 10 + 500) % 2000)
WHERE a.n % 10 = 0 AND a.n % 2000 <> (a.n / 10 + 500) % 2000;
"""
# A term of each tenth asset: half of them deny, half of these already.
_TERMS = """
INSERT INTO search_term (asset_id, kind, effect, scope, territory, since, ends_use, display, reason,
    link)
SELECT id, 'use', CASE WHEN n % 20 = 3 THEN 'deny' ELSE 'allow' END, 'everything', '',
    now() + (n / 20 % 40 - 19.5) * interval '1 day', false, 'hidden', 'Embargo', ''
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM search_asset) a WHERE n % 10 = 3
"""
_EMBEDDINGS = """
COPY search_embedding (asset_id, encoder_id, sha256, vector, fulfilled, claims, attempts, error,
    next_try_at, backfill) FROM STDIN (FORMAT BINARY)
"""
_TYPES = ["uuid", "int8", "varchar", "halfvec", "timestamptz"]
_TYPES += ["int4", "int2", "text", "timestamptz", "bool"]


def restrict() -> None:
    """Have the drawn collections closed but for a tenth, the others of _RESTRICTED beside them,
    and terms of use; their triggers find the audiences, and what is hidden when."""
    closed = "UPDATE search_collection SET is_open = (id % 10 = 0)"
    run(closed, _RESTRICTED, _TERMS, "VACUUM ANALYZE")


def load(gap: Gap, seed: int) -> tuple[Any, list[UUID]]:
    """The encoder and the ids of the assets, in the order of their vectors; no index of the
    vectors is built."""
    from django.conf import settings
    from django.utils import timezone

    from search.models import Encoder, User

    # Without the triggers that store words of assets, which are written here.
    run("SET session_replication_role = replica")
    owner = User.objects.create(username="owner")
    encoder = Encoder.objects.create(
        slug="drawn",
        checkpoint="drawn",
        revision="1",
        dimensions=DIMENSIONS,
        state=Encoder.State.SERVING,
        promised=timezone.now(),
    )
    with indexed_later("search_asset"):
        run(_COLOUR_NAME)
        ids = write_assets(owner, len(gap.library))
    run((settings.BASE_DIR / "search/sql/colour_name.sql").read_text())
    with indexed_later("search_assetwords", "search_word"):
        run(_WORDS, _NOTED)
    with indexed_later("search_embedding"):
        embed(ids, gap, encoder)
    with indexed_later("search_assetlabel", "search_collection_assets"):
        label(seed)
        collect(ids, gap)
    run(_OPEN, "SET session_replication_role = DEFAULT", "VACUUM ANALYZE")
    return encoder, ids


@contextmanager
def indexed_later(*tables: str) -> Iterator[None]:
    """Let rows be written past the indexes of these tables, which then are built by sorting: a
    million assets took ten times as long with each row put into each index."""
    listed = ", ".join(f"'{table}'::regclass" for table in tables)
    run(f"UPDATE pg_index SET indisready = false WHERE indrelid IN ({listed})")  # noqa: S608
    yield
    run(*(f"REINDEX TABLE {table}" for table in tables))


def load_once(gap: Gap, seed: int) -> tuple[Any, list[UUID]]:
    """The same of what a folder holds already, if it does."""
    from search.models import Encoder

    if encoder := Encoder.objects.serving():
        return encoder, [asset_id(number) for number in range(len(gap.library))]
    return load(gap, seed)


def write_assets(owner: Any, assets: int) -> list[UUID]:
    """Write so many, and return their ids; each with words, where triggers store these."""
    run(_ASSETS.format(owner=owner.pk, assets=assets))
    return [asset_id(number) for number in range(assets)]


def asset_id(number: int) -> UUID:
    return UUID(md5(str(number).encode()).hexdigest())  # noqa: S324 -- as in _ASSETS.


def embed(ids: Iterable[UUID], gap: Gap, encoder: Any) -> None:
    from django.db import connection
    from django.utils import timezone
    from pgvector import HalfVector
    from pgvector.psycopg import register_vector

    connection.ensure_connection()
    register_vector(connection.connection)
    now = timezone.now()
    with connection.connection.cursor().copy(_EMBEDDINGS) as copy:
        copy.set_types(_TYPES)
        for number, (pk, vector) in enumerate(zip(ids, gap.library, strict=True)):
            file, half = sha256(str(number).encode()).hexdigest(), HalfVector(vector)
            copy.write_row((pk, encoder.pk, file, half, now, 0, 0, "", now, False))


def label(seed: int) -> None:
    """Put labels on random shares of the assets."""
    from search.models import Label

    shares = {f"{100 * share:g} %": share for share in SHARES}
    shares |= {f"label {n}": MOST_FREQUENT / n for n in range(1, FURTHER + 1)}
    for number, (name, share) in enumerate(shares.items()):
        row = Label.objects.create(name=name)
        run(_LABELLED.format(label=row.pk, percent=100 * share, seed=seed + number))


def collect(ids: Iterable[UUID], gap: Gap) -> None:
    """A collection of whole clusters: what is near a query is all in it, or nothing is; and
    collections of random shares."""
    from django.db import connection

    from search.models import Collection

    for n in range(1, FURTHER + 1):
        row = Collection.objects.create(name=f"collection {n}", slug=f"collection-{n}")
        run(_COLLECTED.format(collection=row.pk, percent=100 * MOST_FREQUENT / n, seed=n))
    collection = Collection.objects.create(name=CLUSTERED, slug="clustered")
    columns = "COPY search_collection_assets (collection_id, asset_id) FROM STDIN"
    with connection.connection.cursor().copy(columns) as copy:
        for pk, cluster in zip(ids, gap.clusters, strict=True):
            if cluster < 0.3 * CLUSTERS:
                copy.write_row((collection.pk, pk))


def render() -> None:
    """A row for each rendition, whose file is not there."""
    run("SET session_replication_role = replica")
    with indexed_later("search_rendition"):
        run(_RENDITIONS)
    run("SET session_replication_role = DEFAULT")


# One in 32 is a near-duplicate of the one before it; one in 16 has no date of its own.
_ASSETS = """
INSERT INTO search_asset (id, owner_id, original, filename, sha256, width, height, format, bytes,
    colour, title, description, taken, taken_source, camera, phash, layout, cluster, created,
    updated)
SELECT md5(n::text)::uuid, {owner}, 'originals/' || n, 'IMG_' || n || '.jpg',
    encode(sha256(n::text::bytea), 'hex'),
    (ARRAY[4000, 3000, 1200, 3000])[1 + n % 4], (ARRAY[3000, 4000, 800, 3000])[1 + n % 4],
    CASE n % 10 WHEN 0 THEN 'PNG' WHEN 1 THEN 'WEBP' ELSE 'JPEG' END, 100000 + n % 7919 * 1000,
    '#' || left(hash, 6),
    (ARRAY['old','new','small','great','quiet','busy','bright','dark'])[1 + n % 8] || ' '
        || (ARRAY['ba','lo','mi','re','tu','sa','ne','ko','vi','da'])
            [1 + floor(10 * power(random(), 3))]
        || (ARRAY['rn','lt','sk','nd','mp','st','ft','lm','rk','ns'])[1 + floor(10 * random())]
        || (ARRAY['er','ow','el','ing','on','y','o','at','is','um'])[1 + floor(10 * random())]
        || ' ' || n,
    '', CASE WHEN n % 16 > 0 THEN now() - n % 7300 * interval '1 day' END, 'camera', '{{}}',
    ('x' || left(hash, 16))::bit(64), decode(repeat(hash, 12), 'hex'),
    md5((n - CASE n % 32 WHEN 1 THEN 1 ELSE 0 END)::text)::uuid,
    now() - n * interval '1 minute', now()
FROM generate_series(0, {assets} - 1) AS n, LATERAL (SELECT md5('hash' || n) AS hash) AS hashed
"""
# In place of the true one, which takes 0.2 ms for each.
_COLOUR_NAME = """
CREATE OR REPLACE FUNCTION colour_name(colour text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
PARALLEL SAFE AS $$
SELECT (ARRAY['red','orange','brown','yellow','green','teal','blue','black','grey'])
    [1 + ascii(substr(colour, 7)) % 9]
$$
"""
# As words_of_asset (search/sql/) has them, which takes 0.4 ms for each.
_WORDS = """
INSERT INTO search_assetwords (asset_id, words)
SELECT id, format('''%s'':2A ''%s'':3A ''%s'':4A ''img'':6C ''%s'':7C ''jpg'':8C ''=%s'''
    ' ''=img %s jpg'' ''=img %s''', t[1], t[2], t[3], t[3], title, t[3], t[3])::tsvector
FROM search_asset, LATERAL (SELECT string_to_array(title, ' ') AS t) AS split
"""
_NOTED = """
INSERT INTO search_word (word)
SELECT DISTINCT word FROM search_asset, regexp_split_to_table(title, ' ') AS word
WHERE word ~ '^[a-z]{3,}$'
"""
_LABELLED = """
INSERT INTO search_assetlabel (asset_id, label_id, source)
SELECT id, {label}, 'person' FROM search_asset
    TABLESAMPLE BERNOULLI ({percent}) REPEATABLE ({seed})
"""
_COLLECTED = """
INSERT INTO search_collection_assets (asset_id, collection_id)
SELECT id, {collection} FROM search_asset TABLESAMPLE BERNOULLI ({percent}) REPEATABLE ({seed})
"""
_RENDITIONS = """
INSERT INTO search_rendition (asset_id, spec, file, sha256, fulfilled, claims, attempts, error,
    next_try_at)
SELECT id, spec, 'renditions/' || id || '.jpg', sha256, now(), 1, 0, '', now()
FROM search_asset, unnest(ARRAY['thumbnail', 'preview']) AS spec
"""
