"""What a running job has made so far (its latest frame, the video up to there), and archives of finished ones."""

import uuid
from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from apps.core.errors import failure_response
from apps.core.failures import SiteFailure
from apps.jobs import live, progress
from apps.jobs.downloads import package_of_token
from apps.jobs.handoff import Package, archive_bytes, job_id_of, package_of
from apps.jobs.models import Job
from apps.jobs.services import get_job_for


@require_safe
def thumbnail(request: HttpRequest, job_id: uuid.UUID, number: int) -> HttpResponse:
    """A small JPEG for the job's owner. `number` only makes the address of each new frame new."""
    if not request.user.is_authenticated:
        raise Http404("no such job")
    job = get_job_for(request.user, job_id)
    jpeg = progress.latest_thumbnail(job.pk)
    if jpeg is None:
        raise Http404("no frame yet")
    return HttpResponse(jpeg, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


@require_safe
def live_pieces(request: HttpRequest, job_id: uuid.UUID, stream: str, first: int, last: int) -> HttpResponse:
    """Pieces of the video that is being made, one after the other, for the job's owner.

    There may be fewer than were asked for: `Live-Next` says which comes next.
    """
    if not request.user.is_authenticated:
        raise Http404("no such job")
    job = get_job_for(request.user, job_id)
    found = live.pieces(job.pk, stream, first, last) if first <= last else []
    if not found:
        raise Http404("not there, or not any more")
    headers = {"Cache-Control": "private, max-age=600", "Live-Next": str(first + len(found))}
    return HttpResponse(b"".join(found), content_type="video/mp4", headers=headers)


@require_safe
async def handoff(request: HttpRequest, token: str) -> HttpResponseBase:
    """The archive of a finished video, for whoever has its link."""
    return await _archive(request, _package, token)


@require_safe
async def bundle(request: HttpRequest, token: str) -> HttpResponseBase:
    """The archive of several videos, for whoever has its link."""
    return await _archive(request, package_of_token, token)


async def _archive(request: HttpRequest, find: Callable[[str], Package], token: str) -> HttpResponseBase:
    try:
        package = await sync_to_async(find)(token)
    except SiteFailure as failure:
        return failure_response(request, failure.code, failure.detail)
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=package.name) or "attachment",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if request.method == "HEAD":
        return HttpResponse(content_type="application/zip", headers=headers)
    return StreamingHttpResponse(archive_bytes(package), content_type="application/zip", headers=headers)


def _package(token: str) -> Package:
    job_id = job_id_of(token)
    job = (
        Job.objects.select_related("project__thumbnail", "output", "thumbnail").filter(pk=job_id).first()
        if job_id
        else None
    )
    if job is None:
        raise Http404("no such archive")
    return package_of(job)
