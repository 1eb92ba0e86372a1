"""What the API takes and gives."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StrictInt

from apps.projects import options


class FailureOut(Schema):
    """Why something did not work: a code for programs, a sentence and a next step for people."""

    code: str
    sentence: str
    next_step: str
    retryable: bool = False
    detail: dict[str, Any] = {}
    at_s: float | None = None


class ProblemOut(FailureOut):
    type: str
    title: str
    status: int


class AttestationOut(Schema):
    """What is stated about the person in a file. `basis` is null while nothing is, and no video can be made of it."""

    needed: bool
    basis: str | None
    by_site: bool = Field(description="One of our drawn presenters: we state it ourselves.")
    text: str | None
    stated_at: datetime | None


class AttestationIn(Schema):
    """Whose face or voice it is: your own, somebody's who agreed in writing, licensed or synthetic, public domain."""

    model_config = ConfigDict(extra="forbid")
    basis: Literal["own", "consent", "licensed", "public_domain"]


class AssetOut(Schema):
    id: UUID
    kind: str
    state: Literal["receiving", "checking", "ready", "refused"]
    name: str
    content_type: str
    size_bytes: int
    sha256: str
    width_px: int | None
    height_px: int | None
    duration_s: float | None
    url: str | None = Field(description="Plays or shows the file for about an hour.")
    preview_url: str | None = Field(description="A JPEG of a portrait that browsers cannot show well, once it is made.")
    viewable: bool = Field(description="Whether browsers can show it as it is.")
    preflight: dict[str, Any] | None
    failure: FailureOut | None
    attestation: AttestationOut
    created_at: datetime


class VoiceOut(Schema):
    id: str
    name: str
    language: str
    language_name: str
    engine: str
    gender: str


class ProjectOut(Schema):
    id: UUID
    title: str
    display_title: str
    portrait: AssetOut | None
    voice_source: str
    voice: AssetOut | None
    script: str
    script_voice: str
    script_rate: float
    script_pitch: float
    face_index: int | None
    aspect: str
    style: str
    frames_per_second: str
    seed: int
    label_corner: str
    created_at: datetime
    updated_at: datetime


class ProjectIn(Schema):
    """A new project; everything else is set by PATCH."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field("", max_length=options.TITLE_MAX_CHARS)


class ProjectPatch(Schema):
    """Only what is sent is changed; null clears a portrait, a voice or the choice of a face."""

    model_config = ConfigDict(extra="forbid")
    title: str | None = Field(None, max_length=options.TITLE_MAX_CHARS)
    portrait: UUID | None = None
    presenter: str | None = Field(None, max_length=80, description="A drawn presenter's name, instead of a portrait.")
    voice_source: Literal["audio", "script"] | None = None
    voice: UUID | None = None
    script: str | None = Field(None, max_length=options.SCRIPT_MAX_CHARS)
    script_voice: str | None = Field(None, max_length=options.VOICE_MAX_CHARS)
    script_rate: float | None = Field(None, ge=options.RATE_MIN, le=options.RATE_MAX, allow_inf_nan=False)
    script_pitch: float | None = Field(None, ge=options.PITCH_MIN, le=options.PITCH_MAX, allow_inf_nan=False)
    face_index: StrictInt | None = Field(None, ge=0, le=1000)
    aspect: Literal["source", "9:16", "4:5", "1:1", "16:9"] | None = None
    style: Literal["still", "natural", "expressive"] | None = None
    frames_per_second: Literal["24", "25", "30", "50", "60"] | None = None
    seed: StrictInt | None = Field(None, ge=0, le=options.SEED_MAX)
    label_corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] | None = None


class JobOut(Schema):
    """One piece of work, the same as its websocket says."""

    id: UUID
    kind: str
    type: Literal["progress", "done"]
    state: str
    stage: str
    fraction: float
    eta_s: float | None = None
    ahead: int = 0
    thumbnail_url: str | None = None
    output_asset: UUID | None = None
    output_url: str | None = None
    download_url: str | None = None
    failure: FailureOut | None = None
    result: dict[str, Any] = {}


class RenderOut(JobOut):
    project: UUID | None
    request: dict[str, Any]
    queued_at: datetime
    finished_at: datetime | None
    duration_s: float | None
    width_px: int | None
    height_px: int | None
    size_bytes: int | None


class SpeechIn(Schema):
    """A script to listen to before rendering."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(max_length=options.SCRIPT_MAX_CHARS)
    voice: str = Field(max_length=options.VOICE_MAX_CHARS)
    rate: float = Field(1.0, ge=options.RATE_MIN, le=options.RATE_MAX, allow_inf_nan=False)
    pitch: float = Field(1.0, ge=options.PITCH_MIN, le=options.PITCH_MAX, allow_inf_nan=False)
