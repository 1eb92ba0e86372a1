"""May these files be used? Asked before every price and every order, so in one statement for all of them at once."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection

from apps.trust.blocking import looks_blocked, picture_hash_of
from apps.trust.models import Attestation, BlockedMedia
from apps.uploads.models import Asset

_SQL = f"""
    SELECT 'stated', owner_id, asset_id, asset_kind, sha256
    FROM {Attestation._meta.db_table}
    WHERE asset_id IN ({{ids}}) OR (owner_id IN ({{owners}}) AND sha256 IN ({{hashes}}))
    UNION ALL
    SELECT 'blocked', NULL, NULL, picture_hash, sha256
    FROM {BlockedMedia._meta.db_table} WHERE sha256 IN ({{hashes}}) OR (picture_hash <> '' AND %s)
"""


def standing_of(assets: Sequence[Asset]) -> tuple[set[uuid.UUID], bool]:
    """The ids of those about which something is stated, and whether one of them is on the block-list.

    As `attestations_of`, a statement counts for the same bytes and kind of the same owner.
    """
    if not assets:
        return set(), False
    hashes = {asset.sha256 for asset in assets if asset.sha256}
    looks = {look for asset in assets if (look := picture_hash_of(asset))}
    stated: set[tuple[Any, ...]] = set()
    for what, owner, asset_id, told, sha256 in _rows(assets, hashes, is_looking=bool(looks)):
        if what == "blocked" and (sha256 in hashes or looks_blocked(told, looks)):
            return set(), True
        if what == "stated":
            stated |= {(_id(owner), _id(asset_id)), (_id(owner), told, sha256)}
    known = {
        asset.pk
        for asset in assets
        if (asset.owner_id, asset.pk) in stated
        or (asset.sha256 and (asset.owner_id, asset.kind, asset.sha256) in stated)
    }
    return known, False


def _rows(assets: Sequence[Asset], hashes: set[str], *, is_looking: bool) -> list[tuple[Any, ...]]:
    as_stored = Asset._meta.pk.get_db_prep_value
    ids = [as_stored(asset.pk, connection) for asset in assets]
    owners = [as_stored(owner, connection) for owner in {asset.owner_id for asset in assets}]
    known = sorted(hashes) or [""]  # of files that were never hashed, no bytes are known: nothing is stored under ""
    places = {name: ", ".join(["%s"] * len(values)) for name, values in (("ids", ids), ("owners", owners))}
    sql = _SQL.format(**places, hashes=", ".join(["%s"] * len(known)))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*ids, *owners, *known, *known, is_looking])
        return list(cursor.fetchall())


def _id(value: Any) -> uuid.UUID | None:
    """Ids as they come from a plain cursor: SQLite stores them as text."""
    return uuid.UUID(value) if isinstance(value, str) else value
