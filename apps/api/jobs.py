"""Work in progress: look at it, stop it, order it again, delete it."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from apps.api.export_schemas import HandoffOut
from apps.api.schemas import JobOut, RenderOut, SpeechIn, StillIn
from apps.api.throttles import AccountThrottle
from apps.brands.services import words_of
from apps.jobs import extras, services
from apps.jobs.deletion import delete_job
from apps.jobs.handoff import handoff_url
from apps.jobs.history import render_facts
from apps.jobs.models import Job
from apps.projects.orders import speech_request
from apps.projects.pronunciations import checked_pronunciations, merged

router = Router(tags=["jobs"])
speech_router = Router(tags=["speech"])
read, write = AccountThrottle("read"), AccountThrottle("write")


@router.get("/{job_id}", response=RenderOut, throttle=read, summary="See where a job is")
def get_job(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    """The same as /ws/jobs/{id}/ sends, for when websockets are blocked. Ask about once a second."""
    return render_facts(services.get_job_for(request.user, job_id))


@router.post("/{job_id}/cancel", response=RenderOut, throttle=write, summary="Stop a job")
def cancel_job(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    return render_facts(services.cancel(services.get_job_for(request.user, job_id)))


@router.post("/{job_id}/retry", response={201: RenderOut}, throttle=AccountThrottle("render"), summary="Order it again")
def retry_job(request: HttpRequest, job_id: UUID) -> Status[Any]:
    """A failed or cancelled job once more, with the same settings, as a new job."""
    return Status(201, render_facts(services.retry(services.get_job_for(request.user, job_id))))


@router.post(
    "/{job_id}/still", response={201: JobOut}, throttle=AccountThrottle("speech"), summary="Choose a video's picture"
)
def choose_still(request: HttpRequest, job_id: UUID, payload: StillIn) -> Status[Any]:
    """The frame at that second becomes the video's picture; when the job is done, its `output_url` gives it."""
    return Status(201, render_facts(extras.order_still(services.get_job_for(request.user, job_id), payload.at_s)))


@router.post(
    "/{job_id}/words", response={201: JobOut}, throttle=AccountThrottle("speech"), summary="Find when words are heard"
)
def find_words(request: HttpRequest, job_id: UUID) -> Status[Any]:
    """For subtitle files: when the job is done, `result` has the captions, as POST …/captions gives them."""
    return Status(201, render_facts(extras.order_words(services.get_job_for(request.user, job_id))))


@router.get("/{job_id}/handoff", response=HandoffOut, throttle=read, summary="Get everything of a video for editing")
def get_handoff(request: HttpRequest, job_id: UUID) -> dict[str, Any]:
    """An archive: the video, its picture, an edit list (CMX 3600 and JSON), content credentials that lie beside it,
    and subtitles (SRT and WebVTT) if POST /jobs/{id}/words has found its words.
    """
    return {"url": handoff_url(services.get_job_for(request.user, job_id))}


@router.delete("/{job_id}", response={204: None}, throttle=write, summary="Delete a job and its video")
def remove_job(request: HttpRequest, job_id: UUID) -> Status[None]:
    delete_job(services.get_job_for(request.user, job_id))
    return Status(204, None)


@speech_router.post("", response={201: JobOut}, throttle=AccountThrottle("speech"), summary="Listen to a script")
def speak(request: HttpRequest, payload: SpeechIn) -> Status[Any]:
    """Orders a recording of the script; when the job is done, its `output_url` plays it.

    With `slot_s`, `result.rate` is how fast it is spoken to fit, `result.chars_to_cut` how much is too long even so.
    """
    own = checked_pronunciations([row.dict() for row in payload.pronunciations])
    said = merged(words_of(request.user.pk), own)
    order = speech_request(payload.text, payload.voice, rate=payload.rate, pitch=payload.pitch, pronunciations=said)
    if payload.slot_s is not None:
        order["slot_s"] = payload.slot_s
    return Status(201, render_facts(services.submit(request.user, Job.Kind.SPEECH, request=order)))
