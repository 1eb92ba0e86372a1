"""The pages."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.jobs import trash
from apps.jobs.export_facts import export_facts
from apps.jobs.exports import exports_of
from apps.jobs.services import renders_today
from apps.projects import options, services
from apps.projects.folders import NAME_MAX_CHARS, move_to_folder, shelves_of
from apps.projects.models import Project
from apps.projects.presentation import display_title
from apps.projects.presenters import available_presenters
from apps.projects.saved import get_saved_for, use_any_presenter
from apps.projects.starters import STARTERS, start_from
from apps.studio.finding import KINDS, SORTS, STATES, wanted_from
from apps.studio.library import library_page, own_presenters, storage_of
from apps.studio.showcase import example_video
from apps.studio.state import studio_state
from apps.studio.wording import EMOTIONS, LIFE

PROJECTS_AT_ONCE = 200
_STUDIOS = {
    Project.Kind.TALKING_PHOTO: "studio/studio.html",
    Project.Kind.VIDEO_DUB: "studio/dub.html",
    Project.Kind.FILM: "studio/film.html",
}


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
    if Project.objects.filter(owner_id=request.user.pk).exists():
        return redirect("library")
    return redirect("studio", services.create_first_project(request.user).pk)


@require_safe
@login_required
@never_cache
def library(request: HttpRequest) -> HttpResponse:
    """Everything the creator has made, or what of it is asked for; or the trash."""
    wanted = wanted_from(request.GET)
    page, cards = library_page(request.user, wanted, request.GET.get("page"))
    context = {
        "page": page,
        "cards": cards,
        "wanted": wanted,
        "choices": {"kinds": KINDS, "states": STATES, "sorts": SORTS},
        "shelves": shelves_of(request.user),
        "storage": storage_of(request.user),
        "trash_days": trash.KEPT_DAYS,
        "folder_max_chars": NAME_MAX_CHARS,
        "renders_left": max(0, settings.FREE_RENDERS_PER_DAY - renders_today(request.user)),
        "renders_per_day": settings.FREE_RENDERS_PER_DAY,
        "presenters": available_presenters()[:5],
    }
    return render(request, "studio/library.html", context)


_CHANGES: dict[str, tuple[Callable[[User, Collection[UUID]], int], str]] = {
    "trash": (trash.put_in_trash, "{} moved to the trash, for {} days."),
    "restore": (trash.restore, "{} back in the library."),
    "delete": (trash.delete_for_good, "{} deleted for good."),
}


@require_POST
@login_required
def library_change(request: HttpRequest) -> HttpResponse:
    """Do something with the projects that are ticked: move to a folder, to the trash, back, or delete for good."""
    ids = _ids(request.POST.getlist("project"))
    action = request.POST.get("action", "")
    if action == "move":
        folder = request.POST.get("folder", "")
        done, words = move_to_folder(request.user, ids, folder), "{} moved."
    elif action == "empty":
        done, words = trash.delete_for_good(request.user), "{} deleted for good."
    elif action in _CHANGES:
        change, words = _CHANGES[action]
        done = change(request.user, ids)
    else:
        raise SiteFailure("option_invalid", option="action", reason="choose move, trash, restore or delete")
    if done:
        messages.success(request, words.format("1 video" if done == 1 else f"{done} videos", trash.KEPT_DAYS))
    query = wanted_from(request.GET).query
    return redirect(reverse("library") + (f"?{query}" if query else ""))


def _ids(told: list[str]) -> list[UUID]:
    """The ids that a form names. Raises option_invalid for what is none, or more than a page could tick."""
    if len(told) > PROJECTS_AT_ONCE:
        raise SiteFailure("option_invalid", option="project", reason=f"at most {PROJECTS_AT_ONCE} at once")
    try:
        return [UUID(one) for one in told]
    except ValueError:
        raise SiteFailure("option_invalid", option="project", reason="that is no video of yours") from None


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def project_new(request: HttpRequest) -> HttpResponse:
    """What a new video can start from; and a new one of a `kind`, with a `presenter`, or made after a `starter`."""
    if request.method != "POST":
        thumbs = {presenter.slug: presenter.thumb_static_name for presenter in available_presenters()}
        starters = [{"picture": thumbs.get(one.presenter)} | vars(one) for one in STARTERS]
        own = own_presenters(request.user)
        context = {"starters": starters, "presenters": available_presenters(), "own_presenters": own}
        return render(request, "studio/new.html", context)
    if slug := request.POST.get("starter"):
        return redirect("studio", start_from(request.user, slug).pk)
    presenter, kind = request.POST.get("presenter"), request.POST.get("kind", Project.Kind.TALKING_PHOTO)
    if presenter and presenter not in {one.slug for one in available_presenters()}:
        kind = get_saved_for(request.user, presenter).kind
    project = services.create_project(request.user, kind=kind)
    if presenter:
        use_any_presenter(project, presenter)
    return redirect("studio", project.pk)


@require_POST
@login_required
def guide_done(request: HttpRequest) -> HttpResponse:
    """The hints for the first video are not shown to this account any more."""
    User.objects.filter(pk=request.user.pk).update(is_guided=False)
    return redirect("library")


@require_POST
@login_required
def project_duplicate(request: HttpRequest, project_id: UUID) -> HttpResponse:
    return redirect("studio", services.duplicate(services.get_project_for(request.user, project_id)).pk)


@require_POST
@login_required
def film_of(request: HttpRequest, project_id: UUID) -> HttpResponse:
    """A new film that begins with this video."""
    source = services.get_project_for(request.user, project_id)
    if source.kind == Project.Kind.FILM:
        raise SiteFailure("option_invalid", option="scenes", reason="a film cannot be a scene of another one")
    with transaction.atomic():
        film = services.create_project(request.user, kind=Project.Kind.FILM)
        services.update_project(film, {"scenes": [{"id": "1", "project": str(source.pk)}]})
    return redirect("studio", film.pk)


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
        "own_presenters": own_presenters(request.user, project.kind),
        "limits": {
            "picture_mb": settings.MAX_PICTURE_BYTES // 2**20,
            "upload_mb": settings.MAX_UPLOAD_BYTES // 2**20,
            "render_s": round(options.FREE_DURATION_MAX_S),
        },
        "is_guided": request.user.is_guided and project.portrait_id is not None,
        "emotions": EMOTIONS,
        "life": LIFE,
        "state": studio_state(request.user, project),
        "exports": [export_facts(job) for job in exports_of(project)],
    }
    return render(request, _STUDIOS[project.kind], context)
