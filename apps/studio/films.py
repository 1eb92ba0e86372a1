"""What a film's page can show and choose from: the creator's videos, and the files its scenes show as they are."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from apps.accounts.models import User
from apps.jobs.history import newest_renders
from apps.projects.films import PICTURES, about_s, shown_in
from apps.projects.models import Project
from apps.projects.presentation import asset_facts, display_title
from apps.projects.services import projects_of
from apps.uploads.models import Asset
from apps.uploads.pictures import previews_of

SOURCES_MAX = 120


def film_sources(user: User, film: Project) -> list[dict[str, Any]]:
    """The newest videos that may become scenes, and everything that the scenes show already."""
    projects, assets = shown_in([film])
    newest = projects_of(user).exclude(kind=Project.Kind.FILM)[:SOURCES_MAX]
    known = {str(one.pk): one for one in newest} | projects
    return [*_of_projects(user, known.values()), *(_of_asset(asset) for asset in assets.values())]


def _of_projects(user: User, projects: Iterable[Project]) -> list[dict[str, Any]]:
    shown = list(projects)
    renders = newest_renders(user, [project.pk for project in shown])
    sources = {
        project.pk: project.clip if project.kind == Project.Kind.VIDEO_DUB else project.portrait for project in shown
    }
    previews = previews_of([asset.pk for asset in sources.values() if asset is not None])
    told = []
    for project in shown:
        render, source = renders.get(project.pk), sources[project.pk]
        picture = render.thumbnail_id if render else None
        if picture is None and source is not None:
            picture = previews.get(source.pk, source.pk if source.kind == Asset.Kind.PORTRAIT else None)
        told.append(
            {
                "id": str(project.pk),
                "is_file": False,
                "kind": project.kind,
                "title": display_title(project),
                "state": "trashed" if project.trashed_at else "ready",
                "picture_url": reverse("media", args=[picture]) if picture else None,
                "video_url": reverse("media", args=[render.output_id]) if render and render.output_id else None,
                "length_s": round((render.duration_s if render else None) or about_s(project), 2),
                "address": reverse("studio", args=[project.pk]),
            }
        )
    return told


def _of_asset(asset: Asset) -> dict[str, Any]:
    facts = asset_facts(asset)
    is_picture = asset.kind in PICTURES
    return {
        "id": str(asset.pk),
        "is_file": True,
        "kind": asset.kind,
        "title": asset.original_name,
        "state": "ready",
        "picture_url": facts["preview_url"] or (facts["url"] if is_picture else None),
        "video_url": None if is_picture else facts["url"],
        "length_s": round(asset.duration_s or 0.0, 2),
        "address": None,
        "file": facts,
    }
