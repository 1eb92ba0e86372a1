"""Builds somebody's copy of everything of theirs: a ZIP with the files as they are, and all rows as JSON.

Written file by file and row by row to disk, so that memory does not grow with what there is.
"""

import json
import logging
import shutil
import tempfile
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet
from django.urls import reverse

from apps.accounts.letters import address_of, send_later
from apps.accounts.models import User
from apps.batches.models import Batch, Variant
from apps.billing.models import Customer, Payment, Subscription
from apps.brands.models import Brand
from apps.core.failures import SiteFailure
from apps.credits.models import Account, Hold, Movement
from apps.jobs.models import Job, Quote
from apps.projects.models import Project, SavedPresenter
from apps.shares.models import Share
from apps.trust import rights
from apps.trust.models import Acceptance, Archive, Attestation, AuditEntry
from apps.uploads import storage
from apps.uploads.file_types import extension_for
from apps.uploads.models import Asset, Upload
from apps.uploads.services import open_asset

logger = logging.getLogger(__name__)

COPY_BYTES = 1024 * 1024
ROWS_AT_ONCE = 200
# Columns that are of no use to anybody else, or would let others in.
HIDDEN = frozenset({"password", "storage_key", "lease_token", "token"})

ROWS: dict[str, Callable[[User], "QuerySet[Any]"]] = {
    "account": lambda user: User.objects.filter(pk=user.pk),
    "addresses": lambda user: EmailAddress.objects.filter(user=user),
    "projects": lambda user: Project.objects.filter(owner=user),
    "sets": lambda user: Batch.objects.filter(owner=user),
    "variants": lambda user: Variant.objects.filter(batch__owner=user),
    "shared_links": lambda user: Share.objects.filter(job__owner=user),
    "presenters": lambda user: SavedPresenter.objects.filter(owner=user),
    "brand": lambda user: Brand.objects.filter(owner=user),
    "files": lambda user: Asset.objects.filter(owner=user),
    "uploads": lambda user: Upload.objects.filter(owner=user),
    "jobs": lambda user: Job.objects.filter(owner=user),
    "prices": lambda user: Quote.objects.filter(owner=user),
    "statements": lambda user: Attestation.objects.filter(owner=user),
    "accepted_terms": lambda user: Acceptance.objects.filter(owner=user),
    "copies": lambda user: Archive.objects.filter(owner=user),
    "audit": lambda user: AuditEntry.objects.filter(actor_id=user.pk),
    "wallet": lambda user: Account.objects.filter(owner=user),
    "credits": lambda user: Movement.objects.filter(account__owner=user),
    "reserved_credits": lambda user: Hold.objects.filter(account__owner=user),
    "payments": lambda user: Payment.objects.filter(user=user),
    "customer": lambda user: Customer.objects.filter(user=user),
    "plans": lambda user: Subscription.objects.filter(user=user),
}
_FOLDERS = {
    Asset.Kind.PORTRAIT: "uploads",
    Asset.Kind.VOICE: "uploads",
    Asset.Kind.CLIP: "uploads",
    Asset.Kind.MUSIC: "uploads",
    Asset.Kind.PICTURE: "uploads",
    Asset.Kind.OUTPUT: "videos",
}
_README = """\
Everything that {site} keeps about {email}.

data/     one JSON file per kind of record
uploads/  pictures, voices and clips you gave us
videos/   what was made of them
derived/  thumbnails, previews and other things worked out from your files

File names start with the record's id, as in data/files.json.
"""


def build_archive(archive_id: str) -> None:
    """Build an ordered archive, store it, and write to its owner. Raises nothing that belongs to the archive."""
    archive = rights.claim(uuid.UUID(archive_id))
    if archive is None:
        return
    try:
        with tempfile.TemporaryDirectory(prefix="archive-", dir=settings.INCOMING_DIR) as folder:
            path = Path(folder) / "archive.zip"
            write_archive(archive.owner, path)
            kept = rights.keep(archive, path)
    except (OSError, SiteFailure, *storage.remote_errors()):
        logger.exception("archive %s could not be built", archive.pk)
        rights.give_up(archive)
        return
    if kept:
        _write_to_owner(archive.owner)


def write_archive(user: User, path: Path) -> None:
    """The ZIP itself."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        site = settings.SITE_URL or "this site"
        archive.writestr("README.txt", _README.format(site=site, email=user.email))
        for name, rows in ROWS.items():
            with archive.open(f"data/{name}.json", "w", force_zip64=True) as file:
                for part in _json_of(rows(user)):
                    file.write(part.encode())
        for asset in Asset.objects.filter(owner=user).exclude(state=Asset.State.RECEIVING).iterator(ROWS_AT_ONCE):
            _add_file(archive, asset)


def _json_of(rows: "QuerySet[Any]") -> Iterator[str]:
    yield "["
    separator = "\n"
    for row in rows.order_by("pk").iterator(ROWS_AT_ONCE):
        yield separator + json.dumps(_facts(row), cls=DjangoJSONEncoder, ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n"


def _facts(row: Model) -> dict[str, Any]:
    fields: Iterable[Any] = row._meta.concrete_fields
    return {field.attname: field.value_from_object(row) for field in fields if field.name not in HIDDEN}


def _add_file(archive: zipfile.ZipFile, asset: Asset) -> None:
    name = asset.original_name or f"{asset.kind}{extension_for(asset.content_type)}"
    safe = "".join(char if char.isprintable() and char not in '/\\:*?"<>|' else "_" for char in name)[-100:]
    target = f"{_FOLDERS.get(Asset.Kind(asset.kind), 'derived')}/{asset.pk}-{safe}"
    try:
        source = open_asset(asset)
    except FileNotFoundError:
        logger.warning("the file of %s is gone, so the archive goes without it", asset)
        return
    with source, archive.open(target, "w", force_zip64=True) as copy:
        shutil.copyfileobj(source, copy, COPY_BYTES)


def _write_to_owner(user: User) -> None:
    page = address_of(reverse("your_data"))
    days = rights.KEEP_FOR.days
    body = f"The copy of your data that you asked for is ready. Download it within {days} days:\n\n{page}\n"
    send_later(EmailMessage("Your data is ready", body, to=[user.email]))
