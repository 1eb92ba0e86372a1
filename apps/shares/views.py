"""The page behind a private link."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.projects.presentation import display_title
from apps.shares.services import shared_video
from apps.uploads.services import signed_media_url


@require_safe
@never_cache
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The video, that it was made with AI, and how to report it. Not for search engines."""
    share = shared_video(token)
    job = share.job
    assert job.output is not None
    context = {
        "title": display_title(job.project) if job.project is not None else "A video",
        "video_url": signed_media_url(job.output),
        "poster_url": signed_media_url(job.thumbnail) if job.thumbnail is not None else "",
        "video": job.output,
        "expires_at": share.expires_at,
        "is_owner": request.user.is_authenticated and request.user.pk == job.owner_id,
    }
    response = render(request, "shares/video.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
