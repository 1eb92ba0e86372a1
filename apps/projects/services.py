"""What can be done with projects: make, change, copy, delete, and write down what a render needs."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.projects import options
from apps.projects.models import Project
from apps.projects.presenters import attest_presenters, available_presenters, get_presenter, presenter_portrait
from apps.projects.voices import available_voices, default_voice, find_voice
from apps.trust.attestations import require_attested
from apps.uploads.models import Asset
from apps.uploads.services import delete_asset, get_asset_for

SAMPLE_SCRIPT = (
    "Hello! I am a still picture, and yet I can speak. "
    "Change these words, choose another voice, or record your own. Then press render, and I will say it."
)
_RELATED = ("portrait", "voice")


def create_project(user: User, *, title: str = "") -> Project:
    """An empty project with sensible settings."""
    return Project.objects.create(owner=user, title=_title(title), script_voice=default_voice())


def create_first_project(user: User) -> Project:
    """A newcomer's project: a presenter and a script are there, so that "Render" works at once."""
    project = Project.objects.create(
        owner=user, title="My first video", script=SAMPLE_SCRIPT, script_voice=default_voice()
    )
    presenters = available_presenters()
    return use_presenter(project, presenters[0].slug) if presenters else project


def get_project_for(user: User, project_id: object) -> Project:
    """The user's own project; Http404 for everybody else's, and for malformed ids."""
    try:
        wanted = uuid.UUID(str(project_id))
    except ValueError:
        raise Http404("no such project") from None
    project = Project.objects.select_related(*_RELATED).filter(pk=wanted, owner_id=user.pk).first()
    if project is None:
        raise Http404("no such project")
    return project


def projects_of(user: User) -> QuerySet[Project]:
    """The user's projects with their files, the one worked on last first."""
    return Project.objects.filter(owner_id=user.pk).select_related(*_RELATED).order_by("-updated_at", "pk")


def duplicate(project: Project) -> Project:
    """A copy that can be changed freely; it shares the files, not the renders."""
    copy = Project.objects.get(pk=project.pk)
    copy.pk = uuid.uuid4()
    copy._state.adding = True
    copy.title = f"{project.title or 'Untitled'} (copy)"[: options.TITLE_MAX_CHARS]
    copy.save(force_insert=True)
    return get_project_for(project.owner, copy.pk)


def delete_project(project: Project) -> None:
    """Delete the project, and its portrait and voice unless another project uses them.

    Jobs are deleted with their files by who knows jobs, before this.
    """
    files = [asset for asset in (project.portrait, project.voice) if asset is not None]
    with transaction.atomic():
        project.delete()
        for asset in files:
            if not Project.objects.filter(Q(portrait=asset) | Q(voice=asset)).exists():
                delete_asset(asset)


def use_presenter(project: Project, slug: str) -> Project:
    """Make a drawn presenter the project's portrait, with a voice that fits unless the creator has chosen one."""
    presenter = get_presenter(slug)
    changes: dict[str, Any] = {"portrait": str(presenter_portrait(project.owner, presenter).pk)}
    untouched = {"", default_voice(), *(other.voice for other in available_presenters())}
    if project.script_voice in untouched and find_voice(presenter.voice):
        changes["script_voice"] = presenter.voice
    return update_project(project, changes)


def update_project(project: Project, changes: Mapping[str, Any]) -> Project:
    """Change some of a project's settings, all or none.

    Raises SiteFailure (option_invalid, script_too_long, voice_unknown, asset_wrong_kind), or Http404 for somebody
    else's file.
    """
    for name, value in changes.items():
        if name not in _SETTERS:
            raise SiteFailure("option_invalid", option=name, reason="there is no such setting")
        if value is None and name not in _CLEARABLE:
            raise SiteFailure("option_invalid", option=name, reason="it cannot be empty")
        _SETTERS[name](project, value)
    if changes:
        project.save()
    return project


def _title(value: str) -> str:
    title = " ".join(str(value).replace("\x00", "").split())
    if len(title) > options.TITLE_MAX_CHARS:
        raise SiteFailure("option_invalid", option="title", reason=f"at most {options.TITLE_MAX_CHARS} characters")
    return title


def _asset_of_kind(project: Project, asset_id: object, kind: str) -> Asset | None:
    if asset_id is None:
        return None
    asset = get_asset_for(project.owner, asset_id)
    if asset.kind != kind:
        raise SiteFailure("asset_wrong_kind", found=asset.kind, needed=kind)
    return asset


def _set_title(project: Project, value: Any) -> None:
    project.title = _title(value)


def _set_portrait(project: Project, value: Any) -> None:
    portrait = _asset_of_kind(project, value, Asset.Kind.PORTRAIT)
    if portrait != project.portrait:
        project.face_index = None  # another picture has other faces
    project.portrait = portrait


def _set_voice(project: Project, value: Any) -> None:
    project.voice = _asset_of_kind(project, value, Asset.Kind.VOICE)


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
    faces = faces_of(project.portrait)
    if value is not None and (value < 0 or (faces and value >= len(faces))):
        raise SiteFailure("face_index_out_of_range", index=value, count=len(faces))
    project.face_index = value


def _choice_setter(field: str, choices: tuple[str, ...]) -> Callable[[Project, Any], None]:
    def set_choice(project: Project, value: Any) -> None:
        if value not in choices:
            raise SiteFailure("option_invalid", option=field, reason=f"choose one of {', '.join(choices)}")
        setattr(project, field, value)

    return set_choice


def _number_setter(field: str, least: float, most: float) -> Callable[[Project, Any], None]:
    def set_number(project: Project, value: Any) -> None:
        if not least <= value <= most:  # NaN fails this too
            raise SiteFailure("option_invalid", option=field, reason=f"choose between {least} and {most}")
        setattr(project, field, value)

    return set_number


_SETTERS: dict[str, Callable[[Project, Any], None]] = {
    "title": _set_title,
    "portrait": _set_portrait,
    "voice": _set_voice,
    "voice_source": _choice_setter("voice_source", tuple(Project.VoiceSource.values)),
    "script": _set_script,
    "script_voice": _set_script_voice,
    "script_rate": _number_setter("script_rate", options.RATE_MIN, options.RATE_MAX),
    "script_pitch": _number_setter("script_pitch", options.PITCH_MIN, options.PITCH_MAX),
    "face_index": _set_face_index,
    "aspect": _choice_setter("aspect", options.ASPECTS),
    "style": _choice_setter("style", options.STYLES),
    "frames_per_second": _choice_setter("frames_per_second", options.FRAME_RATES),
    "seed": _number_setter("seed", 0, options.SEED_MAX),
    "label_corner": _choice_setter("label_corner", options.LABEL_CORNERS),
}


_CLEARABLE = ("portrait", "voice", "face_index")


def faces_of(portrait: Asset | None) -> list[dict[str, Any]]:
    """The faces that preflight found, largest first; none while it is still looking."""
    if portrait is None or not portrait.preflight:
        return []
    return list(portrait.preflight.get("faces", []))


def speech_request(text: str, voice: str, *, rate: float, pitch: float) -> dict[str, Any]:
    """What speaking a script needs: {"script": {...}, "max_duration_s"}. Raises SiteFailure when it cannot be done."""
    words = text.replace("\x00", "").strip()
    if not words:
        raise SiteFailure("script_empty")
    voice = voice or default_voice()
    if available_voices() and find_voice(voice) is None:
        raise SiteFailure("voice_unknown", voice=voice)
    script = {"text": words, "voice": voice, "rate": rate, "pitch": pitch}
    return {"script": script, "max_duration_s": options.FREE_DURATION_MAX_S}


def _script_of(project: Project) -> dict[str, Any]:
    order = speech_request(project.script, project.script_voice, rate=project.script_rate, pitch=project.script_pitch)
    return dict(order["script"])


def render_request(project: Project) -> dict[str, Any]:
    """Everything a free render of the project depends on, as it is now. Raises SiteFailure when it cannot be made."""
    uses_script = project.voice_source == Project.VoiceSource.SCRIPT
    _check_complete(project, uses_script=uses_script)
    attest_presenters([project.portrait])
    assert project.portrait is not None
    _check_usable(project.portrait)
    _check_face(project.portrait, project.face_index)
    if not uses_script:
        assert project.voice is not None
        _check_usable(project.voice)
        _check_duration(project.voice.duration_s or 0.0)
    require_attested([project.portrait, *([] if uses_script or project.voice is None else [project.voice])])
    return {
        "portrait_asset": str(project.portrait_id),
        "voice_asset": None if uses_script else str(project.voice_id),
        "script": _script_of(project) if uses_script else None,
        "face": {} if project.face_index is None else {"index": project.face_index},
        "aspect": project.aspect,
        "style": project.style,
        "fps": project.frames_per_second,
        "seed": project.seed,
        "watermark": True,
        "label_corner": project.label_corner,
        "max_short_side_px": options.FREE_SHORT_SIDE_MAX_PX,
        "max_duration_s": options.FREE_DURATION_MAX_S,
    }


def _check_complete(project: Project, *, uses_script: bool) -> None:
    missing = []
    if project.portrait is None:
        missing.append("a portrait")
    if uses_script and not project.script.strip():
        missing.append("a script")
    if not uses_script and project.voice is None:
        missing.append("a voice")
    if missing:
        raise SiteFailure("project_incomplete", missing=" and ".join(missing))


def _check_face(portrait: Asset, face_index: int | None) -> None:
    """The chosen face must be usable; without a choice the picture must leave no doubt. Preflight knows both."""
    report = portrait.preflight or {}
    problem = report.get("auto_face_failure")
    if face_index is not None:
        problem = next((face["problem"] for face in faces_of(portrait) if face["index"] == face_index), None)
    if problem:
        raise SiteFailure(problem["code"], **problem.get("detail", {}))


def _check_usable(asset: Asset) -> None:
    if asset.state == Asset.State.REFUSED:
        raise SiteFailure(asset.failure_code or "asset_refused", **asset.failure_detail)
    if asset.state != Asset.State.READY:
        raise SiteFailure("asset_not_ready")


def _check_duration(duration_s: float) -> None:
    if duration_s > options.FREE_DURATION_MAX_S + 0.5:  # a recording of "one minute" is rarely exact
        raise SiteFailure("audio_too_long", duration_s=duration_s, max_s=options.FREE_DURATION_MAX_S)
