"""What a job needs to know of a project: everything a render depends on, as it is now, checked before it is ordered."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from apps.core.failures import SiteFailure
from apps.projects import options
from apps.projects.additions import added_files, additions_order
from apps.projects.branding import brand_order, caption_brand_order, cards_s
from apps.projects.captions import caption_text, captions_order
from apps.projects.films import film_order
from apps.projects.findings import faces_of
from apps.projects.lines import check_lines, lines_of, lines_request, voices_of
from apps.projects.models import Project
from apps.projects.mouth import edits_apply, edits_of, voice_fingerprint
from apps.projects.presenters import attest_presenters
from apps.projects.pronunciations import pronunciations_for, spelled
from apps.projects.recordings import heard_s, recording_order
from apps.projects.voices import available_voices, default_voice, find_voice
from apps.trust.attestations import require_attested
from apps.uploads.models import Asset


def render_request(project: Project, *, max_duration_s: float = options.FREE_DURATION_MAX_S) -> dict[str, Any]:
    """Everything a free render of the project depends on, as it is now. Raises SiteFailure when it cannot be made.

    `max_duration_s`: how long a recording or clip may be; paid exports may be longer.
    """
    around_s = cards_s(project)
    order = ORDERS[project.kind](project, max_duration_s - around_s) | brand_order(project)
    return order | {"max_duration_s": order["max_duration_s"] - around_s} if around_s else order


def speech_request(
    text: str, voice: str, *, rate: float, pitch: float, pronunciations: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    """What speaking a script needs: {"script": {...}, "max_duration_s"}. Raises SiteFailure when it cannot be done.

    `pronunciations`: checked ones.
    """
    words = text.replace("\x00", "").strip()
    if not words:
        raise SiteFailure("script_empty")
    voice = voice or default_voice()
    if available_voices() and find_voice(voice) is None:
        raise SiteFailure("voice_unknown", voice=voice)
    script = {"text": words, "voice": voice, "rate": rate, "pitch": pitch, **spelled(words, pronunciations)}
    return {"script": script, "max_duration_s": options.FREE_DURATION_MAX_S}


def track_request(project: Project) -> dict[str, Any]:
    """What finding the mouth's track of the project's voice needs. Raises SiteFailure when there is no voice yet."""
    is_typed = project.voice_source == Project.VoiceSource.SCRIPT
    settings = project.settings_now()
    if not is_typed:
        if project.voice is None:
            raise SiteFailure("project_incomplete", missing="a voice")
        _check_files([project.voice])
        _check_duration(project.voice, options.FREE_DURATION_MAX_S, settings)
        require_attested([project.voice])
    return {
        "voice_asset": None if is_typed else _id(project.voice),
        "script": _script_of(project) if is_typed else None,
        "fps": settings.get("frames_per_second", "25"),
        **recording_order(None if is_typed else project.voice, settings),
        "fingerprint": voice_fingerprint(project),
        "max_duration_s": options.FREE_DURATION_MAX_S,
    }


def captions_request(project: Project) -> dict[str, Any]:
    """What finding the captions of the project's voice needs. Raises SiteFailure when there is no voice yet."""
    settings = project.settings_now()
    if settings.get("moved_by") not in (None, "voice"):
        raise SiteFailure("project_incomplete", missing="a voice")
    if project.voice_source not in (Project.VoiceSource.SCRIPT, Project.VoiceSource.AUDIO):
        raise SiteFailure("project_incomplete", missing="a whole script or recording: captions need one")
    voice = track_request(project)
    return {**voice, "film": project.kind, "caption_text": caption_text(project)}


def _photo_request(project: Project, max_duration_s: float) -> dict[str, Any]:
    settings = project.settings_now()
    sources = _what_moves_it(project, settings)
    files = [file for file in (project.portrait, *sources.values()) if file is not None]
    files += added_files(project, settings).values()
    _check_files(files)
    _check_face(project.portrait, project.face_index)
    _check_duration(sources.get("drive") or sources.get("voice"), max_duration_s, settings)
    attest_presenters([project.portrait])
    require_attested(files)
    return {
        "portrait_asset": _id(project.portrait),
        "voice_asset": _id(sources.get("voice")),
        "script": _script_of(project) if _needs_script(project, settings) else None,
        "drive_asset": _id(sources.get("drive")),
        "track_asset": _id(sources.get("track")),
        "mouth_edits": edits_of(project) if settings["moved_by"] == "voice" and edits_apply(project) else [],
        "mute": settings["moved_by"] == "clip" and settings["clip_sound"] == "none",
        "idle_s": settings["idle_s"] if settings["moved_by"] == "idle" else None,
        "face": {} if project.face_index is None else {"index": project.face_index},
        "aspect": settings["aspect"],
        "background": settings["background"],
        "style": settings["style"],
        "life": {name: settings[name] for name in options.LIFE},
        "emotion": _emotion(settings),
        "intensity": settings["intensity"],
        "fps": settings["frames_per_second"],
        "seed": settings["seed"],
        "watermark": True,
        "label_corner": settings["label_corner"],
        **captions_order(project, settings),
        **caption_brand_order(project),
        **additions_order(project, settings),
        **recording_order(sources.get("voice"), settings),
        "max_short_side_px": options.FREE_SHORT_SIDE_MAX_PX,
        "max_duration_s": options.FREE_DURATION_MAX_S,
    }


def _dub_request(project: Project, max_duration_s: float) -> dict[str, Any]:
    settings = project.settings_now()
    is_typed = project.voice_source == Project.VoiceSource.SCRIPT
    in_lines = project.voice_source == Project.VoiceSource.LINES
    missing = [] if project.clip is not None else ["a clip"]
    if is_typed and not project.script.strip():
        missing.append("a script")
    if in_lines and not lines_of(project):
        missing.append("a line")
    if project.voice_source == Project.VoiceSource.AUDIO and project.voice is None:
        missing.append("a voice")
    if missing:
        raise SiteFailure("project_incomplete", missing=" and ".join(missing))
    assert project.clip is not None
    voice = project.voice if project.voice_source == Project.VoiceSource.AUDIO else None
    files = [file for file in (project.clip, voice) if file is not None]
    files += voices_of([project]).values() if in_lines else []
    _check_files(files)
    _check_face(project.clip, project.face_index)
    for file in files:
        _check_duration(file, max_duration_s, settings if file is voice else None)
    added = list(added_files(project, settings).values())
    _check_files(added)
    require_attested([*files, *added])
    said = _said_in_lines(project) if in_lines else {}
    return {
        "clip_asset": _id(project.clip),
        "voice_asset": _id(voice),
        "script": _script_of(project) if is_typed else None,
        "face": _person(project.clip, project.face_index),
        "aspect": settings["aspect"],
        "sync_mode": settings["sync_mode"],
        "strength": settings["strength"],
        "keep_background": settings["keep_background"],
        "adapt": settings["adapt"],
        "watermark": True,
        "label_corner": settings["label_corner"],
        **captions_order(project, settings),
        **caption_brand_order(project),
        **recording_order(voice, settings),
        "max_short_side_px": options.FREE_SHORT_SIDE_MAX_PX,
        "max_duration_s": options.FREE_DURATION_MAX_S,
        **said,
        **additions_order(project, settings),
    }


def _said_in_lines(project: Project) -> dict[str, Any]:
    """The lines, checked: inside the clip, one after the other, each with words or with a recording that is there."""
    lines = lines_of(project)
    assert project.clip is not None
    known = voices_of([project])
    for number, line in enumerate(lines, start=1):
        if line["voice"] and line["voice"] not in known:
            raise SiteFailure("project_incomplete", missing=f"the recording of line {number}; it was deleted")
        name = line["script_voice"]
        if not line["voice"] and available_voices() and find_voice(name or default_voice()) is None:
            raise SiteFailure("voice_unknown", voice=name)
    check_lines(lines, project.clip.duration_s or 0.0)
    return {"lines": lines_request(project)}


def _person(clip: Asset, index: int | None) -> dict[str, Any]:
    """Who is meant, by where they were seen: the full look at a clip may number its people otherwise."""
    if index is None:
        return {}
    seen = next((person for person in faces_of(clip) if person["index"] == index), {})
    return {"point": seen["point"], "at_s": seen["at_s"]} if "point" in seen else {"index": index}


def _film_request(project: Project, max_duration_s: float) -> dict[str, Any]:
    # a scene brings no logo of its own: the film's is over all of it
    return film_order(project, max_duration_s, lambda scene, most_s: ORDERS[scene.kind](scene, most_s))


# kind of project -> what a render of it depends on. A kind that is not here cannot be made or rendered.
ORDERS: Mapping[str, Callable[[Project, float], dict[str, Any]]] = {
    Project.Kind.TALKING_PHOTO: _photo_request,
    Project.Kind.VIDEO_DUB: _dub_request,
    Project.Kind.FILM: _film_request,
}


def _needs_script(project: Project, settings: Mapping[str, Any]) -> bool:
    return settings["moved_by"] == "voice" and project.voice_source == Project.VoiceSource.SCRIPT


def _what_moves_it(project: Project, settings: Mapping[str, Any]) -> dict[str, Asset | None]:
    """The files besides the portrait, by their part. Raises project_incomplete naming all that is missing."""
    needed: dict[str, tuple[Asset | None, str]] = {}
    moved_by = settings["moved_by"]
    if moved_by == "clip":
        needed["drive"] = (project.clip, "a clip")
    if (moved_by == "clip" and settings["clip_sound"] == "voice") or (
        moved_by == "voice" and project.voice_source == Project.VoiceSource.AUDIO
    ):
        needed["voice"] = (project.voice, "a voice")
    if moved_by == "voice" and project.track is not None:
        needed["track"] = (project.track, "a track")
    missing = [] if project.portrait is not None else ["a portrait"]
    if _needs_script(project, settings) and not project.script.strip():
        missing.append("a script")
    missing += [words for file, words in needed.values() if file is None]
    if missing:
        raise SiteFailure("project_incomplete", missing=" and ".join(missing))
    return {part: file for part, (file, _) in needed.items()}


def _emotion(settings: Mapping[str, Any]) -> str:
    """What is wished for; without a voice there is nobody to ask."""
    is_asked = settings["emotion"] == "auto" and settings["moved_by"] != "voice"
    return "neutral" if is_asked else str(settings["emotion"])


def _script_of(project: Project) -> dict[str, Any]:
    order = speech_request(
        project.script,
        project.script_voice,
        rate=project.script_rate,
        pitch=project.script_pitch,
        pronunciations=pronunciations_for(project),
    )
    return dict(order["script"])


def _id(file: Asset | None) -> str | None:
    return None if file is None else str(file.pk)


def _check_face(source: Asset | None, face_index: int | None) -> None:
    """The chosen face must be usable; without a choice the source must leave no doubt. Preflight knows both."""
    report = (source.preflight if source is not None else None) or {}
    problem = report.get("auto_face_failure")
    if face_index is not None:
        problem = next((face.get("problem") for face in faces_of(source) if face["index"] == face_index), None)
    if problem:
        raise SiteFailure(problem["code"], **problem.get("detail", {}))


def _check_files(files: list[Asset]) -> None:
    for asset in files:
        if asset.state == Asset.State.REFUSED:
            raise SiteFailure(asset.failure_code or "asset_refused", **asset.failure_detail)
        if asset.state != Asset.State.READY:
            raise SiteFailure("asset_not_ready")


def _check_duration(sound: Asset | None, max_s: float, settings: Mapping[str, Any] | None = None) -> None:
    """A recording or clip that is too long is refused before anything is rendered; of the project's voice, whose
    `settings` are given, what is heard counts.
    """
    duration_s = (sound.duration_s if sound is not None else None) or 0.0
    if settings is not None and sound is not None and sound.kind == Asset.Kind.VOICE:
        duration_s = heard_s(sound, settings)
    if duration_s <= max_s + 0.5:  # a recording of "one minute" is rarely exact
        return
    if duration_s <= options.EXPORT_DURATION_MAX_S + 0.5:
        raise SiteFailure("too_long_for_free", duration_s=duration_s, max_s=max_s)
    code = "clip_too_long" if sound is not None and sound.kind == Asset.Kind.CLIP else "audio_too_long"
    raise SiteFailure(code, duration_s=duration_s, max_s=options.EXPORT_DURATION_MAX_S)
