"""What a running job has made so far: its latest finished frame, and the video up to there."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.jobs import live, progress
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
