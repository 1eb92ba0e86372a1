"""What an account may store."""

from django.conf import settings
from django.db.models import Sum

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.credits.services import has_ever_bought
from apps.uploads.models import Asset

MIB = 1024 * 1024
PICTURES = frozenset({Asset.Kind.PORTRAIT, Asset.Kind.PICTURE})


def used_bytes(user: User) -> int:
    """How much of the quota is in use, counting files that are still being stored."""
    return Asset.objects.filter(owner=user).aggregate(total=Sum("size_bytes"))["total"] or 0


def check_quota(user: User, size_bytes: int, *, coming_bytes: int = 0) -> None:
    """Raise quota_full when a file of this size does not fit any more, beside `coming_bytes` that are being sent."""
    used = used_bytes(user) + coming_bytes
    if used + size_bytes <= settings.QUOTA_BYTES:
        return
    quota = max(settings.QUOTA_BYTES, settings.BUYER_QUOTA_BYTES) if has_ever_bought(user) else settings.QUOTA_BYTES
    if used + size_bytes > quota:
        raise SiteFailure("quota_full", used_mb=used / MIB, max_mb=quota / MIB, size_mb=max(1, size_bytes / MIB))


def max_upload_bytes(user: User) -> int:
    """The most bytes one request of this account may bring: more for accounts that ever bought credits."""
    if not has_ever_bought(user):
        return settings.MAX_UPLOAD_BYTES
    return max(settings.MAX_UPLOAD_BYTES, settings.MAX_BUYER_UPLOAD_BYTES)


def check_size(user: User, kind: str, size_bytes: int) -> None:
    """Raise file_empty, upload_too_large, or upload_too_large_for_free where credits would help."""
    if size_bytes == 0:
        raise SiteFailure("file_empty")
    is_picture = kind in PICTURES
    most = settings.MAX_PICTURE_BYTES if is_picture else settings.MAX_UPLOAD_BYTES
    if size_bytes <= most:
        return
    most = most if is_picture else max_upload_bytes(user)
    if size_bytes > most:
        raise too_large(size_bytes, most, is_picture=is_picture)


def too_large(size_bytes: int, max_bytes: int, *, is_picture: bool = False) -> SiteFailure:
    """The refusal of a file, with the way to larger ones where there is one."""
    facts = {"size_mb": size_bytes / MIB, "max_mb": max_bytes / MIB, "buyer_mb": settings.MAX_BUYER_UPLOAD_BYTES / MIB}
    would_help = not is_picture and max_bytes < size_bytes <= settings.MAX_BUYER_UPLOAD_BYTES
    return SiteFailure("upload_too_large_for_free" if would_help else "upload_too_large", **facts)
