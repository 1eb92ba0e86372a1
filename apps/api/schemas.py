"""What the API takes and gives."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StrictInt, create_model

from apps.projects import options
from apps.projects.pronunciations import PRONUNCIATIONS_MAX, SAID_MAX_CHARS, WORD_MAX_CHARS
from apps.projects.subtitles import SUBTITLES_MAX_CHARS


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


def _chosen() -> dict[str, Any]:
    """Every option of a project as a field to show; null where a project's kind has no such setting."""
    return {
        name: (setting.annotation | None, Field(None, description=setting.words))
        for name, setting in options.SETTINGS.items()
    }


def _choosable() -> dict[str, Any]:
    """Every option as a field to set."""
    fields: dict[str, Any] = {}
    for name, setting in options.SETTINGS.items():
        rules: dict[str, Any] = {"description": setting.words}
        if isinstance(setting, options.Number):
            rules |= {"ge": setting.least, "le": setting.most}
            rules |= {"strict": True} if setting.is_whole else {"allow_inf_nan": False}
        fields[name] = (setting.annotation | None, Field(None, **rules))
    return fields


class Pronunciation(Schema):
    """A word or name, and how the voice says it, spelled with plain letters."""

    model_config = ConfigDict(extra="forbid")
    word: str = Field(max_length=4 * WORD_MAX_CHARS)
    said: str = Field(max_length=4 * SAID_MAX_CHARS)


class LineOut(Schema):
    """A stretch of a clip that is said anew: by a recording (`voice`), or else by a voice that reads `script`."""

    id: str
    start_s: float
    end_s: float
    script: str
    script_voice: str
    script_rate: float
    voice: AssetOut | None
    sync_mode: str


class SceneOut(Schema):
    """A scene of a film: a project's video, or a clip or picture as it is."""

    id: str
    project: UUID | None
    asset: UUID | None
    start_s: float
    end_s: float = Field(description="0: to its own end.")
    fade_s: float = Field(description="How long it comes in over the scene before it; 0: a cut.")
    state: Literal["ready", "trashed", "gone"]
    kind: str
    title: str
    length_s: float = Field(description="About how long what it shows is; 0 where nobody can say.")
    shown_s: float


class SubtitlesIn(Schema):
    """Subtitles as text, SubRip or WebVTT; each becomes a line."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(max_length=SUBTITLES_MAX_CHARS)
    version: StrictInt | None = Field(None, ge=0, description="Refuse the change if it is not at this any more.")


class _ProjectOut(Schema):
    id: UUID
    kind: str
    version: int = Field(description="Goes up with every change; send it with a change to notice somebody else's.")
    title: str
    display_title: str
    portrait: AssetOut | None
    clip: AssetOut | None
    track: AssetOut | None = Field(description="An uploaded mouth track that the mouth follows instead of the voice.")
    music: AssetOut | None = Field(description="A piece of music under what is said.")
    backdrop: AssetOut | None = Field(description="The picture behind the person, with background “picture”.")
    mouth_edits: list[dict[str, Any]] = Field(description="What was changed about the mouth, in order.")
    mouth_edits_apply: bool = Field(description="Whether they were made for the voice as it is now; else they wait.")
    transcript: str = Field(description="What is said in the recording, as the creator wrote it down.")
    caption_cues: list[dict[str, Any]] = Field(description="Captions that were edited; empty: they come by themselves.")
    caption_cues_state: str = Field(
        description="“none”, “apply”, “refit” (the same words are said differently, so times are found anew) or "
        "“waiting” (made for other words: not used until those come back)."
    )
    voice_source: str = Field(description="“script”, “audio”, or of a dub “lines”: only those change.")
    lines: list[LineOut] = Field(description="Stretches of a dub's clip that are said anew, by time.")
    scenes: list[SceneOut] = Field(description="Of a film, in order.")
    folder: str = Field(description="Which folder of the library it lies in; empty: in none.")
    voice: AssetOut | None
    script: str
    script_voice: str
    script_rate: float
    script_pitch: float
    pronunciations: list[Pronunciation] = Field(description="Words that are said as they are spelled here.")
    face_index: int | None
    created_at: datetime
    updated_at: datetime


ProjectOut = create_model("ProjectOut", __base__=_ProjectOut, **_chosen())


class ProjectIn(Schema):
    """A new project; everything else is set by PATCH."""

    model_config = ConfigDict(extra="forbid")
    kind: str = Field(options.TALKING_PHOTO, max_length=16, description="What is made. It stays as it is.")
    title: str = Field("", max_length=options.TITLE_MAX_CHARS)


class _ProjectPatch(Schema):
    """Only what is sent is changed; null clears a portrait, a clip, a voice or the choice of a face."""

    model_config = ConfigDict(extra="forbid")
    version: StrictInt | None = Field(None, ge=0, description="Refuse the change if it is not at this any more.")
    title: str | None = Field(None, max_length=options.TITLE_MAX_CHARS)
    portrait: UUID | None = None
    clip: UUID | None = None
    track: UUID | None = Field(None, description="A file of the kind “track”, as GET …/track gave it, edited or not.")
    music: UUID | None = Field(None, description="A file of the kind “music”.")
    backdrop: UUID | None = Field(None, description="A file of the kind “picture”.")
    mouth_edits: list[dict[str, Any]] | None = Field(
        None, max_length=200, description="Each: kind (close, scale, move), start_s, end_s, amount."
    )
    transcript: str | None = Field(None, max_length=options.SCRIPT_MAX_CHARS)
    caption_cues: list[dict[str, Any]] | None = Field(
        None,
        max_length=2000,
        description="Each: start_s, end_s, words (each: text, start_s, end_s; unsure where it was not checked). An "
        "empty list: as they come by themselves.",
    )
    presenter: str | None = Field(
        None, max_length=80, description="A drawn presenter's name, or the id of one of yours, instead of a portrait."
    )
    voice_source: Literal["audio", "script", "lines"] | None = None
    lines: list[dict[str, Any]] | None = Field(
        None,
        description="Instead of the ones before. Each: id (your own), start_s, end_s, script, script_voice, "
        "script_rate, voice (the id of a recording, instead of a script), sync_mode.",
    )
    scenes: list[dict[str, Any]] | None = Field(
        None,
        description="Of a film, in order, instead of the ones before. Each: id (your own), project or asset (a clip or "
        "picture), start_s, end_s (0: its end), fade_s (0: a cut).",
    )
    voice: UUID | None = None
    script: str | None = Field(None, max_length=options.SCRIPT_MAX_CHARS)
    script_voice: str | None = Field(None, max_length=options.VOICE_MAX_CHARS)
    script_rate: float | None = Field(None, ge=options.RATE_MIN, le=options.RATE_MAX, allow_inf_nan=False)
    script_pitch: float | None = Field(None, ge=options.PITCH_MIN, le=options.PITCH_MAX, allow_inf_nan=False)
    pronunciations: list[Pronunciation] | None = Field(
        None,
        max_length=PRONUNCIATIONS_MAX,
        description="Instead of the ones before: in typed words, each whole word, in either case, is said as spelled. "
        "Captions keep the script's own.",
    )
    face_index: StrictInt | None = Field(None, ge=0, le=1000)


ProjectPatch = create_model("ProjectPatch", __base__=_ProjectPatch, **_choosable())


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
    live: dict[str, Any] | None = (
        None  # what can be played already: pieces 0 to count - 1, at url + "{first}-{last}.mp4"
    )
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
    warnings: list[dict[str, Any]] = Field([], description="What was not as it could be: sentence, next_step, at_s.")


class StillIn(Schema):
    """Which moment of a video becomes its picture."""

    model_config = ConfigDict(extra="forbid")
    at_s: float = Field(ge=0, le=3600, allow_inf_nan=False)


class SpeechIn(Schema):
    """A script to listen to before rendering."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(max_length=options.SCRIPT_MAX_CHARS)
    voice: str = Field(max_length=options.VOICE_MAX_CHARS)
    rate: float = Field(1.0, ge=options.RATE_MIN, le=options.RATE_MAX, allow_inf_nan=False)
    pitch: float = Field(1.0, ge=options.PITCH_MIN, le=options.PITCH_MAX, allow_inf_nan=False)
    pronunciations: list[Pronunciation] = Field([], max_length=PRONUNCIATIONS_MAX)
    slot_s: float | None = Field(
        None, ge=0.2, le=3600, allow_inf_nan=False, description="Speak so that it fits this time, as far as people do."
    )
