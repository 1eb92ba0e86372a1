"""The latest finished frame of a running job."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.jobs import progress
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
