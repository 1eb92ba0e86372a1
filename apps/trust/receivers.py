"""What trust does when something happens to files and accounts."""

from typing import Any

from allauth.account.signals import user_signed_up
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.signals import account_deleting
from apps.core.failures import SiteFailure
from apps.core.visitors import client_address
from apps.trust.audit import write_down
from apps.trust.blocking import is_blocked
from apps.trust.legal import accept_all
from apps.trust.models import Archive
from apps.uploads import storage
from apps.uploads.models import Asset
from apps.uploads.signals import asset_looked_at, asset_received


@receiver(user_signed_up)
def accept_terms(*, request: HttpRequest, user: User, **_: Any) -> None:
    """The sign-up form says that pressing its button accepts them."""
    accept_all(user, address=client_address(request))


@receiver(account_deleting)
def delete_archives_of(*, user: User, **_: Any) -> None:
    """Copies of somebody's data go with their account (the rows cascade)."""
    keys = Archive.objects.filter(owner=user).exclude(storage_key="").values_list("storage_key", flat=True)
    storage.delete_files_on_commit(keys)
    write_down("account deleted", f"account {user.pk}")


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
