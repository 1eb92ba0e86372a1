"""Projects and files as pages and the API see them: plain facts, ready for JSON."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any
from uuid import UUID

from apps.core.failures import failure_dict
from apps.projects.captions import cues_of, cues_state, transcript_of
from apps.projects.films import scene_facts, scenes_of, shown_in
from apps.projects.findings import report_in_words
from apps.projects.lines import lines_of, voices_of
from apps.projects.models import Project
from apps.projects.mouth import edits_apply, edits_of
from apps.projects.options import SETTINGS
from apps.projects.pronunciations import pronunciations_of
from apps.projects.services import SAMPLE_SCRIPT
from apps.trust.attestations import attestation_facts, attestations_of
from apps.trust.models import Attestation
from apps.uploads.models import Asset
from apps.uploads.pictures import VIEWABLE_PICTURES, preview_of
from apps.uploads.services import signed_media_url

InFilms = tuple[Mapping[str, Project], Mapping[str, Asset]]

UNTITLED = "Untitled video"
UNTITLED_FILM = "Untitled film"
TITLE_SCRIPT_CHARS = 250  # of a script's start: enough to tell the sample from others and to make a title of


def asset_facts(asset: Asset, stated: Mapping[UUID, Attestation] | None = None) -> dict[str, Any]:
    """One file. `preflight` is what we found in it; `failure` says why it was refused.

    `stated`: what is known to be stated about files, when several are shown at once.
    """
    refused = asset.state == Asset.State.REFUSED
    stored = asset.state != Asset.State.RECEIVING
    preview = preview_of(asset)
    stated = attestations_of([asset]) if stated is None else stated
    return {
        "id": str(asset.pk),
        "kind": asset.kind,
        "state": asset.state,
        "name": asset.original_name,
        "content_type": asset.content_type,
        "size_bytes": asset.size_bytes,
        "sha256": asset.sha256,
        "width_px": asset.width_px,
        "height_px": asset.height_px,
        "duration_s": asset.duration_s,
        "url": signed_media_url(asset) if stored else None,
        "preview_url": signed_media_url(preview) if preview else None,
        "viewable": asset.kind != Asset.Kind.PORTRAIT or asset.content_type in VIEWABLE_PICTURES,
        "preflight": report_in_words(asset.preflight),
        "failure": failure_dict(asset.failure_code or "asset_refused", asset.failure_detail) if refused else None,
        "attestation": attestation_facts(asset, stated.get(asset.pk)),
        "created_at": asset.created_at,
    }


def display_title(project: Project) -> str:
    """The title, or the first words of the script, or the clip's name, or what we call a project without any."""
    clip = project.clip if project.kind == Project.Kind.VIDEO_DUB and project.clip_id else None
    return title_of(project.title, project.script, kind=project.kind, clip_name=clip.original_name if clip else "")


def title_of(title: str, script: str, *, kind: str = Project.Kind.TALKING_PHOTO, clip_name: str = "") -> str:
    """As above, from the columns; of a script its first TITLE_SCRIPT_CHARS characters are enough."""
    if title:
        return title
    words = script.split()
    if script == SAMPLE_SCRIPT or not words:
        stem = " ".join(PurePath(clip_name).stem.replace("_", " ").split())[:60] if clip_name else ""
        return stem or (UNTITLED_FILM if kind == Project.Kind.FILM else UNTITLED)
    start = " ".join(words[:6])
    return start[:60] + ("…" if len(words) > 6 or len(start) > 60 else "")


def projects_facts(projects: Iterable[Project]) -> list[dict[str, Any]]:
    """Several projects, with one question for what is stated about all their files."""
    shown = list(projects)
    recordings, in_films = voices_of(shown), shown_in(shown)
    stated = attestations_of([*(file for project in shown for file in _files(project)), *recordings.values()])
    return [project_facts(project, stated, recordings, in_films) for project in shown]


def project_facts(
    project: Project,
    stated: Mapping[UUID, Attestation] | None = None,
    recordings: Mapping[str, Asset] | None = None,
    in_films: InFilms | None = None,
) -> dict[str, Any]:
    """One project with its files, which are fetched along with it. `recordings`: of the lines of several projects,
    and `in_films`: what their scenes show, when those are shown at once.
    """
    recordings = voices_of([project]) if recordings is None else recordings
    if stated is None:
        stated = attestations_of([*_files(project), *recordings.values()])
    return {
        "id": str(project.pk),
        "kind": project.kind,
        "version": project.version,
        "title": project.title,
        "display_title": display_title(project),
        "portrait": asset_facts(project.portrait, stated) if project.portrait else None,
        "clip": asset_facts(project.clip, stated) if project.clip else None,
        "voice_source": project.voice_source,
        "voice": asset_facts(project.voice, stated) if project.voice else None,
        "track": asset_facts(project.track, stated) if project.track else None,
        "music": asset_facts(project.music, stated) if project.music else None,
        "backdrop": asset_facts(project.backdrop, stated) if project.backdrop else None,
        "mouth_edits": edits_of(project),
        "mouth_edits_apply": edits_apply(project),
        "transcript": transcript_of(project),
        "caption_cues": cues_of(project),
        "caption_cues_state": cues_state(project),
        "lines": [_line_facts(line, recordings, stated) for line in lines_of(project)],
        "scenes": _scenes(project, in_films),
        "folder": project.folder,
        "script": project.script,
        "script_voice": project.script_voice,
        "script_rate": project.script_rate,
        "script_pitch": project.script_pitch,
        "pronunciations": pronunciations_of(project),
        "face_index": project.face_index,
        **dict.fromkeys(SETTINGS),  # null: this kind of project has no such setting
        **project.settings_now(),
        "created_at": project.created_at,
        "updated_at": project.updated_at,
    }


def _files(project: Project) -> list[Asset | None]:
    """Those about which something has to be stated."""
    return [project.portrait, project.clip, project.voice, project.music, project.backdrop]


def _scenes(film: Project, in_films: InFilms | None) -> list[dict[str, Any]]:
    scenes = scenes_of(film)
    if not scenes:
        return []
    projects, assets = shown_in([film]) if in_films is None else in_films
    sources = [projects.get(scene["project"] or "") or assets.get(scene["asset"] or "") for scene in scenes]
    return [scene_facts(scene, source) for scene, source in zip(scenes, sources, strict=True)]


def _line_facts(
    line: Mapping[str, Any], recordings: Mapping[str, Asset], stated: Mapping[UUID, Attestation]
) -> dict[str, Any]:
    recording = recordings.get(line["voice"] or "")
    return {**line, "voice": asset_facts(recording, stated) if recording is not None else None}
