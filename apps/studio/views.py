"""The pages."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.jobs.export_facts import export_facts
from apps.jobs.exports import exports_of
from apps.jobs.services import renders_today
from apps.projects import options, services
from apps.projects.models import Project
from apps.projects.presentation import display_title
from apps.projects.presenters import available_presenters
from apps.studio.library import library_page
from apps.studio.showcase import example_video
from apps.studio.state import studio_state
from apps.studio.wording import EMOTIONS, LIFE

_STUDIOS = {Project.Kind.TALKING_PHOTO: "studio/studio.html", Project.Kind.VIDEO_DUB: "studio/dub.html"}


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What this is, for people who are not signed in."""
    if request.user.is_authenticated:
        return redirect("start")
    return render(request, "studio/landing.html", {"presenters": available_presenters(), "example": example_video()})


@require_safe
@login_required
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """Where signing in leads: a newcomer to a project that is ready to render, everybody else to their library."""
    if services.projects_of(request.user).exists():
        return redirect("library")
    return redirect("studio", services.create_first_project(request.user).pk)


@require_safe
@login_required
@never_cache
def library(request: HttpRequest) -> HttpResponse:
    """Everything the creator has made."""
    page, cards = library_page(request.user, request.GET.get("page"))
    context = {
        "page": page,
        "cards": cards,
        "renders_left": max(0, settings.FREE_RENDERS_PER_DAY - renders_today(request.user)),
        "renders_per_day": settings.FREE_RENDERS_PER_DAY,
        "presenters": available_presenters()[:5],
    }
    return render(request, "studio/library.html", context)


@require_POST
@login_required
def project_new(request: HttpRequest) -> HttpResponse:
    """A new, empty project of a `kind`; with `presenter`, that one is its portrait."""
    project = services.create_project(request.user, kind=request.POST.get("kind", Project.Kind.TALKING_PHOTO))
    if slug := request.POST.get("presenter"):
        services.use_presenter(project, slug)
    return redirect("studio", project.pk)


@require_POST
@login_required
def project_duplicate(request: HttpRequest, project_id: UUID) -> HttpResponse:
    return redirect("studio", services.duplicate(services.get_project_for(request.user, project_id)).pk)


@require_safe
@login_required
@never_cache
def studio(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """The studio page of one project: the whole main job on one screen."""
    project = services.get_project_for(request.user, project_id)
    context: dict[str, Any] = {
        "project": project,
        "project_title": display_title(project),
        "is_photo": project.kind == Project.Kind.TALKING_PHOTO,
        "presenters": available_presenters(),
        "limits": {
            "picture_mb": settings.MAX_PICTURE_BYTES // 2**20,
            "upload_mb": settings.MAX_UPLOAD_BYTES // 2**20,
            "render_s": round(options.FREE_DURATION_MAX_S),
        },
        "emotions": EMOTIONS,
        "life": LIFE,
        "state": studio_state(request.user, project),
        "exports": [export_facts(job) for job in exports_of(project)],
    }
    return render(request, _STUDIOS[project.kind], context)
