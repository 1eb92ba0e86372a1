"""Several finished videos as one archive: of each chosen project its newest clean export, or else its newest render."""

import itertools
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.core import signing
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.jobs.handoff import Package, file_name
from apps.jobs.kinds import FREE_RENDERS
from apps.jobs.models import Job
from apps.projects.presentation import display_title
from apps.uploads.models import Asset

VIDEOS_MAX = 50
BYTES_MAX = 8 * 2**30
LINK_S = 3600
_SALT = "apps.jobs.downloads"
_ENDINGS = {"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm"}
_PICTURE_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp"}


@dataclass(frozen=True)
class Bundle:
    """What an archive will hold. `left_out`: chosen projects without a finished video."""

    url: str
    videos: int
    left_out: int
    size_bytes: int


def bundle_of(user: User, project_ids: Collection[uuid.UUID]) -> Bundle:
    """A link to an archive of the user's projects' videos, good for an hour, for whoever has it.

    Raises SiteFailure: option_invalid (too many, too large), render_not_ready where none has a finished video.
    """
    wanted = set(project_ids)
    if len(wanted) > VIDEOS_MAX:
        raise SiteFailure("option_invalid", option="projects", reason=f"at most {VIDEOS_MAX} videos at once")
    jobs = _finished(user, wanted)
    if not jobs:
        raise SiteFailure("render_not_ready")
    size = sum(asset.size_bytes for job in jobs for asset in (job.output, _thumbnail(job)) if asset is not None)
    if size > BYTES_MAX:
        reason = f"these are {size / 2**30:.1f} GB; choose fewer than {BYTES_MAX // 2**30} GB at once"
        raise SiteFailure("option_invalid", option="projects", reason=reason)
    token = signing.dumps([job.pk.hex for job in jobs], salt=_SALT, compress=True)
    return Bundle(reverse("jobs:bundle", args=[token]), len(jobs), len(wanted) - len(jobs), size)


def package_of_token(token: str) -> Package:
    """What is there yet of what a link names. Raises link_expired; Http404 for links that are none of ours."""
    try:
        names = signing.loads(token, salt=_SALT, max_age=LINK_S)
    except signing.SignatureExpired as error:
        raise SiteFailure("link_expired") from error
    except signing.BadSignature:
        raise Http404("no such archive") from None
    found = Job.objects.filter(pk__in=[uuid.UUID(name) for name in names], output__isnull=False)
    jobs = {job.pk.hex: job for job in found.select_related("output", "project__thumbnail", "project__clip")}
    there = [jobs[name] for name in names if name in jobs]
    there = [job for job in there if job.project is not None and job.project.trashed_at is None]
    if not there:
        raise Http404("nothing of it is left")
    return Package(f"lipsmith_{timezone.now():%Y-%m-%d}.zip", tuple(_entries(there)))


def _finished(user: User, project_ids: Collection[uuid.UUID]) -> list[Job]:
    """One job a project, in the order of their titles."""
    done = Job.objects.filter(
        owner_id=user.pk,
        project__in=list(project_ids),
        project__trashed_at=None,
        kind__in=[*FREE_RENDERS, Job.Kind.EXPORT],
        state=Job.State.SUCCEEDED,
        output__kind=Asset.Kind.OUTPUT,
    )
    best: dict[uuid.UUID, Job] = {}
    for job in done.select_related("output", "project__thumbnail", "project__clip").order_by("queued_at"):
        known = best.get(job.project_id)
        if known is None or job.kind == Job.Kind.EXPORT or known.kind != Job.Kind.EXPORT:
            best[job.project_id] = job
    return sorted(best.values(), key=lambda job: (display_title(job.project).casefold(), job.pk))


def _thumbnail(job: Job) -> Asset | None:
    return job.project.thumbnail if job.project is not None else None


def _entries(jobs: Sequence[Job]) -> list[tuple[str, bytes | Asset]]:
    """Names and files; videos of one title are told apart by a number."""
    entries: list[tuple[str, bytes | Asset]] = []
    taken: set[str] = set()
    for job in jobs:
        assert job.output is not None
        title = file_name(display_title(job.project))
        numbered = itertools.chain([title], (f"{title}_{number}" for number in itertools.count(2)))
        name = next(name for name in numbered if name.casefold() not in taken)
        taken.add(name.casefold())
        entries.append((f"{name}{_ENDINGS.get(job.output.content_type, '.mp4')}", job.output))
        thumbnail = _thumbnail(job)
        if thumbnail is not None:
            entries.append((f"{name}{_PICTURE_ENDINGS.get(thumbnail.content_type, '.jpg')}", thumbnail))
    return entries
