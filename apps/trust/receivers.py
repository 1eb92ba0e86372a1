"""What trust does when something happens to files and accounts."""

from typing import Any

from django.dispatch import receiver

from apps.core.failures import SiteFailure
from apps.trust.blocking import is_blocked
from apps.uploads.models import Asset
from apps.uploads.signals import asset_looked_at, asset_received


@receiver(asset_received)
def refuse_blocked_bytes(*, asset: Asset, **_: Any) -> None:
    """What was removed is refused at the door; raising here undoes the upload."""
    if is_blocked(asset.sha256):
        raise SiteFailure("media_blocked")


@receiver(asset_looked_at)
def refuse_blocked_pictures(*, asset: Asset, report: dict[str, Any], **_: Any) -> None:
    """A copy that was scaled or compressed again is recognised once preflight has seen it."""
    told = report.get("picture_hash")
    if isinstance(told, str) and is_blocked(asset.sha256, told):
        report["problems"] = [{"code": "media_blocked", "at_s": None, "detail": {}}]
