"""Reports of what should not be here: taken in, looked up, and decided within 48 hours."""

import re
import secrets
import uuid
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from apps.accounts.letters import address_of, send_later
from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.trust import blocking
from apps.trust.audit import write_down
from apps.trust.models import Report
from apps.trust.signals import asset_taking_down, render_sought
from apps.uploads.models import Asset
from apps.uploads.services import delete_asset

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is mistaken for something else
_IDS = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|\b[0-9a-f]{12}\b", re.IGNORECASE)
IDS_MAX = 50


def submit_report(*, address: str | None, **facts: Any) -> Report:
    """Take a report in; its writer gets a letter with the reference number."""
    with transaction.atomic():
        report = Report.objects.create(reference=_new_reference(), address=address, **facts)
        write_down("reported", f"report {report.reference}", kind=report.kind)
        _write_to_reporter(
            report,
            "We have your report",
            f"Thank you. A person looks at your report within 48 hours, by {report.due_at:%d %B %Y, %H:%M} UTC.",
        )
    return report


def _new_reference() -> str:
    part = ["".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(3)]
    return "-".join(["R", *part])


def get_report(reference: str) -> Report:
    """By its unguessable number, however it was typed; Http404 otherwise."""
    told = "".join(char for char in reference.upper() if char.isalnum())[:40].removeprefix("R")
    spelled = "-".join(["R", told[:4], told[4:8], told[8:]])
    report = Report.objects.filter(reference=spelled).first()
    if report is None:
        raise Http404("no such report")
    return report


def find_files(text: str) -> list[Asset]:
    """The files that a text names: by file id, by render id, or by a link to one of them. For operators only."""
    found: dict[uuid.UUID, Asset] = {}
    for told in _IDS.findall(text)[:IDS_MAX]:
        if len(told) == 12:
            for _, assets in render_sought.send(sender=Report, render_id=told.lower()):
                found.update({asset.pk: asset for asset in assets})
        else:
            found.update({asset.pk: asset for asset in Asset.objects.filter(pk=uuid.UUID(told))})
    return sorted(found.values(), key=lambda asset: (asset.kind, asset.created_at))


def decide_removed(report: Report, *, actor: User, assets: Sequence[Asset], answer: str) -> None:
    """Delete the files and their copies in any account with everything made of them, and keep them from coming back.

    Raises SiteFailure: report_decided, or asset_in_use when something could not be stopped.
    """
    with transaction.atomic():
        _decide(report, Report.State.REMOVED, actor, answer, files=[str(asset.pk) for asset in assets])
        doomed = {copy.pk: copy for asset in assets for copy in blocking.same_bytes(asset)}
        for asset in doomed.values():
            take_down(asset, reason=report.get_kind_display(), report=report, actor=actor)


def decide_rejected(report: Report, *, actor: User, answer: str) -> None:
    """Leave what was reported, and say why. Raises SiteFailure report_decided."""
    with transaction.atomic():
        _decide(report, Report.State.REJECTED, actor, answer)


def _decide(report: Report, state: str, actor: User, answer: str, **detail: Any) -> None:
    still_open = Report.objects.filter(pk=report.pk, state=Report.State.OPEN)
    if still_open.update(state=state, answer=answer, decided_at=timezone.now()) != 1:
        raise SiteFailure("report_decided")
    report.refresh_from_db()
    write_down(f"report {state}", f"report {report.reference}", actor=actor, answer=answer, **detail)
    words = "We have removed it." if state == Report.State.REMOVED else "We have not removed it."
    _write_to_reporter(report, "What became of your report", f"{words}\n\n{answer}")


def take_down(asset: Asset, *, reason: str, report: Report | None = None, actor: User | None = None) -> None:
    """Delete a file and everything made of it, and put both on the block-list."""

    def block(one: Asset) -> None:
        blocking.block(one, reason=reason, report=report, actor=actor)

    with transaction.atomic():
        block(asset)
        asset_taking_down.send(sender=Asset, asset=asset, block=block)
        if Asset.objects.filter(pk=asset.pk).exists():  # an output has gone with its render
            delete_asset(asset)
        write_down(
            "deleted", f"asset {asset.pk}", actor=actor, kind=asset.kind, owner=str(asset.owner_id), reason=reason
        )


def _write_to_reporter(report: Report, subject: str, text: str) -> None:
    page = address_of(reverse("report_status", args=[report.reference]))
    body = f"{text}\n\nYour reference number is {report.reference}. Its status: {page}\n"
    send_later(EmailMessage(f"{subject} ({report.reference})", body, to=[report.email]))
