"""Where files lie: unguessable keys in the default storage, on disk or on S3."""

import errno
import logging
import secrets
from collections.abc import Iterable
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction
from django.utils.crypto import salted_hmac

from apps.core.failures import SiteFailure

logger = logging.getLogger(__name__)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_on_disk() -> bool:
    """Whether files lie on this machine's disk rather than on S3."""
    return isinstance(default_storage, FileSystemStorage)


def new_key(extension: str) -> str:
    """A key nobody can guess; its first letters spread the files over folders."""
    token = secrets.token_hex(24)
    return f"files/{token[:2]}/{token}{extension}"


def output_key(name: str, extension: str) -> str:
    """The key of something the worker makes: always the same for one name, and unguessable without our secret."""
    token = salted_hmac("apps.uploads.output", name, algorithm="sha256").hexdigest()[:48]
    return f"files/{token[:2]}/{token}{extension}"


def save(key: str, file: File) -> None:
    """Store a file under exactly this key, replacing what an earlier, broken attempt left there.

    Raises:
        SiteFailure: disk_full, or storage_unavailable when S3 does not take it.
    """
    try:
        default_storage.delete(key)
        kept = default_storage.save(key, file)
    except remote_errors() as error:
        logger.exception("S3 did not take the file %s", key)
        raise SiteFailure("storage_unavailable") from error
    except OSError as error:
        raise SiteFailure("disk_full" if error.errno in _FULL else "storage_unavailable") from error
    if kept != key:
        default_storage.delete(kept)
        raise SiteFailure("storage_unavailable")


def remote_errors() -> tuple[type[Exception], ...]:
    """What S3 raises; nothing when files lie on disk, where its library need not even be loaded."""
    if is_on_disk():
        return ()
    from botocore.exceptions import BotoCoreError, ClientError

    return (BotoCoreError, ClientError)


def delete_files(keys: Iterable[str]) -> None:
    """Delete files; one that cannot be deleted is logged, and the sweep tries again."""
    for key in keys:
        try:
            default_storage.delete(key)
        except (OSError, *remote_errors()):
            logger.exception("Could not delete the file %s", key)


def delete_files_on_commit(keys: Iterable[str]) -> None:
    """Delete files once the rows that name them are gone for good."""
    doomed = list(keys)
    transaction.on_commit(lambda: delete_files(doomed))


def disk_path(key: str) -> Path:
    """Where a file lies on disk; only when `is_on_disk()`."""
    return Path(default_storage.path(key))
