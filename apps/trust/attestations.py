"""Statements about files with people in them: made once per file, asked for before every render."""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.trust.audit import write_down
from apps.trust.models import Attestation
from apps.trust.standing import standing_of
from apps.trust.statements import NEEDED_FOR, STATEMENT_VERSION, Basis, statement
from apps.uploads.models import Asset


def attest(asset: Asset, basis: str, *, address: str | None = None, by_site: bool = False) -> Attestation:
    """Write down what is stated about a file; the same statement again is the earlier one.

    Raises SiteFailure: option_invalid for a basis there is none of, asset_wrong_kind for files without anybody in them.
    """
    if basis not in Basis.values:
        raise SiteFailure("option_invalid", option="basis", reason=f"choose one of {', '.join(Basis.values)}")
    if asset.kind not in NEEDED_FOR:
        raise SiteFailure("asset_wrong_kind", found=asset.kind, needed="picture, clip, voice or piece of music")
    known = attestation_of(asset)
    if known is not None and (known.asset_id, known.basis, known.text_version) == (asset.pk, basis, STATEMENT_VERSION):
        return known
    stated = Attestation.objects.create(
        owner_id=asset.owner_id,
        asset_id=asset.pk,
        asset_kind=asset.kind,
        sha256=asset.sha256,
        basis=basis,
        text_version=STATEMENT_VERSION,
        text=statement(asset.kind, basis),
        stated_by=Attestation.StatedBy.SITE if by_site else Attestation.StatedBy.CREATOR,
        address=address,
    )
    write_down("attested", f"asset {asset.pk}", actor=None if by_site else asset.owner, basis=basis)
    return stated


def attestation_of(asset: Asset) -> Attestation | None:
    """What counts for a file now, or None."""
    return attestations_of([asset]).get(asset.pk)


def attestations_of(assets: Iterable[Asset | None]) -> Mapping[uuid.UUID, Attestation]:
    """asset's id → the newest statement about it, in one query. The same bytes of the same owner need it only once."""
    wanted = [asset for asset in assets if asset is not None and asset.kind in NEEDED_FOR]
    if not wanted:
        return {}
    same_bytes = Q(
        owner__in={asset.owner_id for asset in wanted}, sha256__in={asset.sha256 for asset in wanted if asset.sha256}
    )
    rows = Attestation.objects.filter(Q(asset_id__in=[asset.pk for asset in wanted]) | same_bytes)
    found: dict[uuid.UUID, Attestation] = {}
    for row in rows.order_by("created_at"):
        for asset in wanted:
            same = asset.sha256 and (row.sha256, row.asset_kind) == (asset.sha256, asset.kind)
            if row.owner_id == asset.owner_id and (row.asset_id == asset.pk or same):
                found[asset.pk] = row
    return found


def attestation_facts(asset: Asset, stated: Attestation | None) -> dict[str, Any]:
    """As pages and the API see it: {"needed", "basis", "stated_at"}."""
    return {
        "needed": asset.kind in NEEDED_FOR,
        "basis": stated.basis if stated is not None else None,
        "by_site": stated is not None and stated.stated_by == Attestation.StatedBy.SITE,
        "text": stated.text if stated is not None else None,
        "stated_at": stated.created_at if stated is not None else None,
    }


def require_attested(assets: Sequence[Asset]) -> None:
    """Raise attestation_missing unless there is a statement about each file that needs one, and media_blocked."""
    stated, is_blocked = standing_of(assets)
    if is_blocked:
        raise SiteFailure("media_blocked")
    missing = [asset for asset in assets if asset.kind in NEEDED_FOR and asset.pk not in stated]
    if missing:
        kinds = list(dict.fromkeys(_WORDS[asset.kind] for asset in missing))
        raise SiteFailure("attestation_missing", which=" and ".join(kinds), assets=[str(asset.pk) for asset in missing])


_WORDS = {
    Asset.Kind.PORTRAIT: "picture",
    Asset.Kind.CLIP: "video",
    Asset.Kind.VOICE: "recording",
    Asset.Kind.MUSIC: "music",
    Asset.Kind.PICTURE: "background or still picture",
}


def check_order(user: User, order: Mapping[str, Any]) -> None:
    """As `require_attested`, for every file of the user that an order names under a key ending in "asset".

    Files that are gone are left to whoever carries out the order.
    """
    ids = set(named_assets(order))
    if ids:
        rows = Asset.objects.filter(owner=user, pk__in=ids)
        require_attested(list(rows.only("id", "owner_id", "kind", "sha256", "preflight")))


def named_assets(value: Any, *, is_asset: bool = False) -> Iterator[uuid.UUID]:
    """The ids under keys that end in "asset" or "assets", however deep."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from named_assets(inner, is_asset=str(key).endswith(("asset", "assets")))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from named_assets(inner, is_asset=is_asset)
    elif is_asset and value:
        try:
            yield uuid.UUID(str(value))
        except ValueError:
            return


def attestations_by(user: User) -> QuerySet[Attestation]:
    """Everything an account has stated, newest first."""
    return Attestation.objects.filter(owner=user).order_by("-created_at")
