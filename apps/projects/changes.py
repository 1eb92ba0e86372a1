"""Changing what a project is set to: one setter per column, the table of `options` for everything else."""

from collections.abc import Callable, Mapping
from typing import Any

from apps.core.failures import SiteFailure
from apps.projects import options
from apps.projects.captions import set_cues, set_transcript
from apps.projects.films import set_scenes
from apps.projects.findings import faces_of
from apps.projects.lines import set_lines
from apps.projects.models import Project
from apps.projects.mouth import set_edits
from apps.projects.pronunciations import set_pronunciations
from apps.projects.voices import available_voices, find_voice
from apps.uploads.models import Asset
from apps.uploads.services import get_asset_for

_CLEARABLE = ("portrait", "clip", "voice", "track", "music", "backdrop", "face_index")
_LAST = ("mouth_edits", "caption_cues")  # they belong to the voice, which other changes may change


def apply_changes(project: Project, changes: Mapping[str, Any]) -> None:
    """Change some of a project's settings in memory.

    Raises SiteFailure (option_invalid, script_too_long, voice_unknown, asset_wrong_kind), or Http404 for somebody
    else's file; then some changes may be made and the project must not be saved.
    """
    for name, value in sorted(changes.items(), key=lambda change: change[0] in _LAST):
        if value is None and name not in _CLEARABLE:
            raise SiteFailure("option_invalid", option=name, reason="it cannot be empty")
        setter = _SETTERS.get(name)
        if setter is not None:
            setter(project, value)
        else:
            _set_option(project, name, value)


def clean_title(value: str) -> str:
    """One line without odd characters. Raises option_invalid when it is too long."""
    title = " ".join(str(value).replace("\x00", "").split())
    if len(title) > options.TITLE_MAX_CHARS:
        raise SiteFailure("option_invalid", option="title", reason=f"at most {options.TITLE_MAX_CHARS} characters")
    return title


def _set_option(project: Project, name: str, value: Any) -> None:
    wanted = options.checked(project.kind, name, value)
    kept = {key: old for key, old in project.options.items() if key != name}
    project.options = kept if wanted == options.SETTINGS[name].default else {**kept, name: wanted}


def _asset_of_kind(project: Project, asset_id: object, kind: str) -> Asset | None:
    if asset_id is None:
        return None
    asset = get_asset_for(project.owner, asset_id)
    if asset.kind != kind:
        raise SiteFailure("asset_wrong_kind", found=asset.kind, needed=kind)
    return asset


def _set_title(project: Project, value: Any) -> None:
    project.title = clean_title(value)


def _set_portrait(project: Project, value: Any) -> None:
    portrait = _asset_of_kind(project, value, Asset.Kind.PORTRAIT)
    if portrait != project.portrait:
        project.face_index = None  # another picture has other faces
    project.portrait = portrait


def _set_clip(project: Project, value: Any) -> None:
    clip = _asset_of_kind(project, value, Asset.Kind.CLIP)
    if clip != project.clip and project.kind == Project.Kind.VIDEO_DUB:
        project.face_index = None
    project.clip = clip


def _set_voice(project: Project, value: Any) -> None:
    project.voice = _asset_of_kind(project, value, Asset.Kind.VOICE)


def _set_track(project: Project, value: Any) -> None:
    project.track = _asset_of_kind(project, value, Asset.Kind.TRACK)


def _set_music(project: Project, value: Any) -> None:
    project.music = _asset_of_kind(project, value, Asset.Kind.MUSIC)


def _set_backdrop(project: Project, value: Any) -> None:
    project.backdrop = _asset_of_kind(project, value, Asset.Kind.PICTURE)


def _set_voice_source(project: Project, value: Any) -> None:
    if value not in Project.VoiceSource.values:
        reason = f"choose one of {', '.join(Project.VoiceSource.values)}"
        raise SiteFailure("option_invalid", option="voice_source", reason=reason)
    if value == Project.VoiceSource.LINES and project.kind != Project.Kind.VIDEO_DUB:
        raise SiteFailure("option_invalid", option="voice_source", reason="only the dub of a clip has lines")
    project.voice_source = value


def _set_script(project: Project, value: Any) -> None:
    script = str(value).replace("\x00", "")
    if len(script) > options.SCRIPT_MAX_CHARS:
        raise SiteFailure("script_too_long", chars=len(script), max_chars=options.SCRIPT_MAX_CHARS)
    project.script = script


def _set_script_voice(project: Project, value: Any) -> None:
    voice = str(value)
    if len(voice) > options.VOICE_MAX_CHARS or (available_voices() and find_voice(voice) is None):
        raise SiteFailure("voice_unknown", voice=voice[: options.VOICE_MAX_CHARS])
    project.script_voice = voice


def _set_face_index(project: Project, value: Any) -> None:
    faces = faces_of(project.clip if project.kind == Project.Kind.VIDEO_DUB else project.portrait)
    if value is not None and (value < 0 or (faces and value >= len(faces))):
        raise SiteFailure("face_index_out_of_range", index=value, count=len(faces))
    project.face_index = value


def _number_setter(field: str, least: float, most: float) -> Callable[[Project, Any], None]:
    def set_number(project: Project, value: Any) -> None:
        if not least <= value <= most:  # NaN fails this too
            raise SiteFailure("option_invalid", option=field, reason=f"choose between {least} and {most}")
        setattr(project, field, value)

    return set_number


_SETTERS: dict[str, Callable[[Project, Any], None]] = {
    "title": _set_title,
    "portrait": _set_portrait,
    "clip": _set_clip,
    "voice": _set_voice,
    "track": _set_track,
    "music": _set_music,
    "backdrop": _set_backdrop,
    "mouth_edits": set_edits,
    "transcript": set_transcript,
    "caption_cues": set_cues,
    "lines": set_lines,
    "scenes": set_scenes,
    "pronunciations": set_pronunciations,
    "voice_source": _set_voice_source,
    "script": _set_script,
    "script_voice": _set_script_voice,
    "script_rate": _number_setter("script_rate", options.RATE_MIN, options.RATE_MAX),
    "script_pitch": _number_setter("script_pitch", options.PITCH_MIN, options.PITCH_MAX),
    "face_index": _set_face_index,
}
