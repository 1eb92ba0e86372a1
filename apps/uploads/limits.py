"""What an account may store."""

from django.conf import settings
from django.db.models import Sum

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.uploads.models import Asset

MIB = 1024 * 1024


def used_bytes(user: User) -> int:
    """How much of the quota is in use, counting files that are still being stored."""
    return Asset.objects.filter(owner=user).aggregate(total=Sum("size_bytes"))["total"] or 0


def check_quota(user: User, size_bytes: int) -> None:
    """Raise quota_full when a file of this size does not fit any more."""
    used = used_bytes(user)
    if used + size_bytes > settings.QUOTA_BYTES:
        raise SiteFailure(
            "quota_full", used_mb=used / MIB, max_mb=settings.QUOTA_BYTES / MIB, size_mb=max(1, size_bytes / MIB)
        )


def max_bytes_for(kind: str) -> int:
    """The most bytes an upload of this kind may have."""
    return settings.MAX_PICTURE_BYTES if kind == Asset.Kind.PORTRAIT else settings.MAX_UPLOAD_BYTES


def check_size(kind: str, size_bytes: int) -> None:
    """Raise file_empty or upload_too_large."""
    if size_bytes == 0:
        raise SiteFailure("file_empty")
    if size_bytes > max_bytes_for(kind):
        raise SiteFailure("upload_too_large", size_mb=size_bytes / MIB, max_mb=max_bytes_for(kind) / MIB)
