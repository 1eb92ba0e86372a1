"""The API, version 1: everything the pages do, for programs. No rows are written here; services do that."""

from dataclasses import asdict
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from ninja import NinjaAPI, Router

from apps.api import assets, batches, brand, exports, jobs, library, presenters, projects, shares, thumbnails, uploads
from apps.api.auth import SessionAuth
from apps.api.problems import add_problem_handlers
from apps.api.reference import Reference
from apps.api.schemas import VoiceOut
from apps.api.throttles import AccountThrottle
from apps.projects.voices import available_voices

api = NinjaAPI(
    title="Lipsmith",
    version="1",
    urls_namespace="api-v1",
    description="Give a portrait and a voice, get a video in which the portrait speaks. "
    "Errors are RFC 9457 problems with a code for programs, a sentence and a next step for people.",
    auth=SessionAuth(),
    docs=Reference(),
    docs_decorator=login_required,
)
add_problem_handlers(api)

voices = Router(tags=["voices"])


@voices.get("", response=list[VoiceOut], throttle=AccountThrottle("read"), summary="List the voices for scripts")
def list_voices(request: HttpRequest) -> list[dict[str, Any]]:
    return [asdict(voice) for voice in available_voices()]


api.add_router("/assets", assets.router)
api.add_router("/uploads", uploads.router)
api.add_router("/voices", voices)
api.add_router("/projects", projects.router)
api.add_router("/projects", exports.router)
api.add_router("/projects", batches.project_router)
api.add_router("/batches", batches.router)
api.add_router("/variants", batches.variants_router)
api.add_router("/quotes", exports.quotes_router)
api.add_router("/folders", library.folders_router)
api.add_router("/archives", library.archive_router)
api.add_router("/presenters", presenters.router)
api.add_router("/brand", brand.router)
api.add_router("/jobs", jobs.router)
api.add_router("/jobs", shares.router)
api.add_router("/jobs", thumbnails.router)
api.add_router("/projects", thumbnails.projects_router)
api.add_router("/speech", jobs.speech_router)
