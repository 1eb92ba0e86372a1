"""What uploads does when something happens to accounts."""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from apps.accounts.models import User
from apps.accounts.signals import account_deleting
from apps.uploads import storage
from apps.uploads.models import Asset, Upload
from apps.uploads.resumable import part_of


@receiver(account_deleting)
def delete_files_of(*, user: User, **_: Any) -> None:
    """An account's files go with it (its rows cascade)."""
    storage.delete_files_on_commit(Asset.objects.filter(owner=user).values_list("storage_key", flat=True))
    for upload in Upload.objects.filter(owner=user):
        transaction.on_commit(partial(part_of(upload).unlink, missing_ok=True))
