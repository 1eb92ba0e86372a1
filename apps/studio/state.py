"""What the studio page's scripts start from."""

from dataclasses import asdict
from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.brands.presentation import brand_facts
from apps.brands.services import brand_of
from apps.jobs.history import render_facts, renders_of, seconds_per_second
from apps.jobs.services import renders_today
from apps.projects import options
from apps.projects.models import Project
from apps.projects.presentation import project_facts
from apps.projects.voices import available_voices
from apps.studio.films import film_sources
from apps.trust.statements import consent_words
from apps.uploads.limits import max_upload_bytes


def studio_state(user: User, project: Project) -> dict[str, Any]:
    """The project, its renders, and the limits: the same facts as the API's."""
    told = {"sources": film_sources(user, project)} if project.kind == Project.Kind.FILM else {}
    return {
        **told,
        "project": project_facts(project),
        "renders": [render_facts(job) for job in renders_of(project)],
        "consent": consent_words(),
        "brand": brand_facts(brand_of(user)),
        "limits": {
            "picture_bytes": settings.MAX_PICTURE_BYTES,
            "upload_bytes": max_upload_bytes(user),
            "free_side_px": options.FREE_SHORT_SIDE_MAX_PX,
            "render_s": round(options.FREE_DURATION_MAX_S),
            "renders_per_day": settings.FREE_RENDERS_PER_DAY,
            "renders_today": renders_today(user),
            "seconds_per_second": seconds_per_second(project.kind),
            "voices": [asdict(voice) for voice in available_voices()],
        },
    }
