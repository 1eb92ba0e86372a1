"""The block-list: what was removed may not come back, neither byte for byte nor slightly changed."""

from collections.abc import Iterable

from apps.accounts.models import User
from apps.trust.audit import write_down
from apps.trust.models import Attestation, BlockedMedia, Report
from apps.uploads.models import Asset

HASH_BITS = 128
NEAR_BITS = 14  # of 128 that may differ: copies scaled, compressed or trimmed stay below, other pictures far above


def block(asset: Asset, *, reason: str, report: Report | None = None, actor: User | None = None) -> BlockedMedia | None:
    """Put a file on the list; None for one whose bytes were never hashed, and for our own drawn presenters."""
    if not asset.sha256 or is_ours(asset):
        return None
    blocked, created = BlockedMedia.objects.get_or_create(
        sha256=asset.sha256,
        defaults={
            "picture_hash": picture_hash_of(asset),
            "kind": asset.kind,
            "reason": reason[:200],
            "report": report,
        },
    )
    if created:
        write_down("blocked", f"asset {asset.pk}", actor=actor, sha256=asset.sha256, reason=reason[:200])
    return blocked


def is_ours(asset: Asset) -> bool:
    """Whether the site itself states that nobody real is shown: one video must not take it from all creators."""
    by_site = Attestation.objects.filter(sha256=asset.sha256, stated_by=Attestation.StatedBy.SITE)
    return bool(asset.sha256) and by_site.exists()


def same_bytes(asset: Asset) -> list[Asset]:
    """The file, and every other file with exactly its bytes, whoever's it is."""
    if not asset.sha256 or is_ours(asset):
        return [asset]
    return [asset, *Asset.objects.filter(sha256=asset.sha256).exclude(pk=asset.pk)]


def picture_hash_of(asset: Asset) -> str:
    """How a picture looks, as preflight wrote it down; empty when it is not known."""
    told = (asset.preflight or {}).get("picture_hash")
    return told if isinstance(told, str) and len(told) == HASH_BITS // 4 else ""


def is_blocked(sha256: str, picture_hash: str = "") -> bool:
    """Whether these bytes, or a picture that looks like this, may not be used. Many files at once: `standing_of`."""
    if sha256 and BlockedMedia.objects.filter(sha256=sha256).exists():
        return True
    if not picture_hash:
        return False
    looks = BlockedMedia.objects.exclude(picture_hash="").values_list("picture_hash", flat=True)
    return any(looks_blocked(known, [picture_hash]) for known in looks.iterator())


def looks_blocked(known: str, looks: Iterable[str]) -> bool:
    """Whether one of the pictures looks like the one on the list."""
    return bool(known) and any(distance_bits(known, look) <= NEAR_BITS for look in looks)


def distance_bits(one: str, other: str) -> int:
    """In how many bits two hashes (hex) differ; all of them when one is not a hash."""
    try:
        return (int(one, 16) ^ int(other, 16)).bit_count()
    except ValueError:
        return HASH_BITS
