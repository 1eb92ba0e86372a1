"""What each kind of job makes: its files fetched into a workspace → the engine's work → what was made, stored.

Beside the runner, which claims and settles jobs, the only bridge between the site and the engine.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from django.core.exceptions import ObjectDoesNotExist

from apps.jobs.film_pricing import paid_seconds
from apps.jobs.followed import somebody_waits
from apps.jobs.models import Job
from apps.jobs.segments import own_id, project_segments
from apps.uploads.models import Asset
from apps.uploads.pictures import needs_preview
from apps.uploads.services import delete_asset, local_copy, store_output
from worker.engine.contracts import Hooks
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.workspace import Workspace
from worker.lease import Lease
from worker.process.joined_captions import joined_captions
from worker.process.looks import FollowOrder
from worker.process.orders import (
    CaptionsOrder,
    MadeTrack,
    MomentOrder,
    PreflightOrder,
    Proposals,
    ReadyRecording,
    RecordingOrder,
    RenderedVideo,
    RenderInput,
    RenderOrder,
    ShownMoment,
    Speech,
    SpeechOrder,
    StillOrder,
    StillPicture,
    Thumbnail,
    TrackOrder,
)
from worker.process.parts import Part
from worker.process.requests import (
    FILMS,
    PICTURE_TYPES,
    Film,
    Places,
    bookends_of,
    caption_brand_of,
    caption_text,
    line_part,
    logo_of,
    logo_spot,
    music_of,
    read_script,
    scene_part,
    thumbnail_order,
    voice_request,
)
from worker.scenes import SCENES_SHARE, in_scene, make_scenes

# What a render ends with, before its first frame, when its sound turns out longer than it may be.
TOO_LONG = frozenset({FailureCode.AUDIO_TOO_LONG, FailureCode.CLIP_TOO_LONG, FailureCode.SCRIPT_TOO_LONG})
GIVE_WAY_INTERVAL_S = 1.0
VIDEO_TYPES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm"}


class LongerThanQuotedError(EngineFailure):
    """An export's real length is above what its price covers."""

    def __init__(self, failure: EngineFailure) -> None:
        super().__init__(failure.code, at_s=failure.at_s, **failure.detail)


class Engine(Protocol):
    """An engine process, or a pool of them."""

    def call(self, operation: str, request: object, hooks: Hooks, *, label: str = "") -> object: ...


@dataclass(frozen=True)
class RunnerOptions:
    """What a runner needs to know of the settings."""

    data_dir: Path
    work_dir: Path
    voice_dir: Path
    device: str = "auto"
    credentials_dir: Path | None = None  # the certificate that signs videos; None leaves them unsigned
    clips_dir: Path | None = None  # what was found in clips, so that a second dub of one need not look again
    whisper_dir: Path | None = None  # a model of faster-whisper, for drafts of what is said in recordings
    segments_dir: Path | None = None  # segments of free renders by project; None renders everything anew
    free_bytes_min: int = 200 * 2**20  # below this nothing new is started, so that the database can still be written


@dataclass(frozen=True)
class Made:
    """What a job brought forth."""

    output: Asset | None = None
    thumbnail: Asset | None = None
    result: dict[str, Any] | None = None
    preflight: dict[str, Any] | None = None
    measured: dict[str, Any] | None = None  # of the preflight report, what is known better now
    preview: Asset | None = None
    extras: tuple[Asset, ...] = ()  # what belongs to the output: its content credentials
    is_hidden: bool = False  # nobody can open it before it is paid


class GivingWay:
    """Hooks of a job that nobody waits for: it stops, to be done again later, when somebody waits for a video."""

    def __init__(self, lease: Lease, job: Job) -> None:
        self.on_progress, self.on_thumbnail, self.on_fragment = lease.on_progress, lease.on_thumbnail, lease.on_fragment
        self._lease, self._job, self._asked_at = lease, job, time.monotonic()

    def should_stop(self) -> bool:
        if not self._lease.should_stop() and time.monotonic() - self._asked_at > GIVE_WAY_INTERVAL_S:
            self._asked_at = time.monotonic()
            if somebody_waits(self._job):
                self._lease.give_way()
        return self._lease.should_stop()


class Maker:
    """Makes what jobs ask for, with an engine."""

    def __init__(self, engine: Engine, options: RunnerOptions) -> None:
        self._engine = engine
        self._options = options
        self._work: dict[str, Callable[[Job, Workspace, Lease], Made]] = {
            Job.Kind.PREFLIGHT: self._preflight,
            Job.Kind.FOLLOW: self._follow,
            Job.Kind.SPEECH: self._speech,
            Job.Kind.TRACK: self._track,
            Job.Kind.STILL: self._still,
            Job.Kind.THUMBNAIL: self._thumbnail,
            Job.Kind.CAPTIONS: self._captions,
            Job.Kind.PREVIEW: self._preview,
            Job.Kind.EXPORT: self._export,
            **dict.fromkeys(FILMS, self._film),
        }

    def make(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        """Raises EngineFailure, SiteFailure when storing fails, OSError."""
        return self._work[job.kind](job, workspace, lease)

    def _preflight(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        asset = _require(job.asset)
        preview_path = workspace.file("preview.jpg") if needs_preview(asset) else None
        order = PreflightOrder(local_copy(asset, workspace.path), asset.kind, preview_path)
        report = self._engine.call("preflight", order, lease, label=str(job.pk))
        assert isinstance(report, dict)
        preview = None
        if preview_path is not None:
            key = _key(job, "preview.jpg")
            preview = store_output(
                asset.owner, Asset.Kind.DERIVED, preview_path, key=key, content_type="image/jpeg", parent=asset
            )
        return Made(result={}, preflight=report, preview=preview)

    def _follow(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        """Every frame of a clip is looked at, so that a dub need not; whoever waits for a video goes first."""
        asset, clips_dir = _require(job.asset), self._options.clips_dir
        if clips_dir is None:
            return Made(result={})
        order = FollowOrder(local_copy(asset, workspace.path), clips_dir, asset.preflight or {})
        measured = self._engine.call("follow", order, GivingWay(lease, job), label=str(job.pk))
        assert isinstance(measured, dict)
        return Made(result={}, measured=measured)

    def _speech(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        slot_s = job.request.get("slot_s")
        order = SpeechOrder(
            read_script(job.request["script"]),
            workspace.file("speech.wav"),
            self._options.voice_dir,
            None if slot_s is None else float(slot_s),
        )
        speech = self._engine.call("speak", order, lease, label=str(job.pk))
        assert isinstance(speech, Speech)
        asset = store_output(
            job.owner,
            Asset.Kind.DERIVED,
            speech.path,
            key=_key(job, "speech.wav"),
            content_type="audio/wav",
            duration_s=speech.duration_s,
        )
        fit = {} if speech.rate is None else {"rate": speech.rate, "chars_to_cut": speech.chars_to_cut}
        return Made(output=asset, result={"duration_s": speech.duration_s, "words": speech.words, **fit})

    def _still(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        order = job.request
        video = _asset_of(job, order["video_asset"])
        still = self._engine.call(
            "still",
            StillOrder(
                local_copy(video, workspace.path),
                workspace.file("still.jpg"),
                float(order["at_s"]),
                order.get("render_id"),
                self._options.credentials_dir,
            ),
            lease,
            label=str(job.pk),
        )
        assert isinstance(still, StillPicture)
        size = {"width_px": still.width_px, "height_px": still.height_px}
        key, kind = _key(job, "still.jpg"), Asset.Kind.THUMBNAIL
        picture = store_output(
            job.owner, kind, still.path, key=key, content_type="image/jpeg", parent=video, is_hidden=False, **size
        )
        return Made(output=picture, result={"at_s": still.at_s})

    def _thumbnail(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        video = _asset_of(job, job.request["video_asset"])
        path = local_copy(video, workspace.path)
        operation, order = thumbnail_order(job.request, path, workspace, self._options.credentials_dir)
        made = self._engine.call(operation, order, lease, label=str(job.pk))
        assert isinstance(made, Proposals | Thumbnail)
        is_strip = isinstance(made, Proposals)
        key, content_type = _key(job, made.path.name), PICTURE_TYPES[made.path.suffix]
        picture = store_output(
            job.owner,
            Asset.Kind.DERIVED if is_strip else Asset.Kind.THUMBNAIL,
            made.path,
            key=key,
            content_type=content_type,
            parent=video,
            is_hidden=False,
            width_px=made.width_px,
            height_px=made.height_px,
        )
        facts = {"moments": list(made.moments)} if is_strip else {"at_s": made.at_s, "frames": made.frames}
        return Made(output=picture, result=facts)

    def _track(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        order = job.request
        voice, is_prepared = self._voice(job, workspace, lease)
        made = self._engine.call(
            "track",
            TrackOrder(
                output_path=workspace.file("track.json"),
                sound_path=workspace.file("voice.wav"),
                voice_dir=self._options.voice_dir,
                audio_path=voice,
                script=read_script(order["script"]) if voice is None else None,
                frame_rate=Fraction(str(order.get("fps", "25"))),
                max_duration_s=float(order.get("max_duration_s", 60)),
            ),
            lease,
            label=str(job.pk),
        )
        assert isinstance(made, MadeTrack)
        key, kind = _key(job, "track.json"), Asset.Kind.DERIVED
        track = store_output(job.owner, kind, made.path, key=key, content_type="application/json")
        result = {"duration_s": made.duration_s, "method": made.method, "words": made.words, "emotion": made.emotion}
        heard = voice if is_prepared else made.sound_path
        if heard is not None:
            key = _key(job, "voice.wav")
            sound = store_output(job.owner, kind, heard, key=key, content_type="audio/wav", parent=track)
            result["sound_asset"] = str(sound.pk)
        return Made(output=track, result=result)

    def _captions(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        if "scenes" not in job.request:
            return Made(result=self._captions_of(job, workspace, lease))
        found = []
        for scene in job.request["scenes"]:
            one = copy(job)
            one.request = scene["words"]
            found.append(self._captions_of(one, workspace, lease))
        return Made(result=joined_captions(job.request["scenes"], found))

    def _captions_of(self, job: Job, workspace: Workspace, lease: Lease) -> dict[str, Any]:
        voice, _ = self._voice(job, workspace, lease)
        request = voice_request(job.request, voice, workspace.file("voice.wav"), self._options.voice_dir)
        order = CaptionsOrder(request, caption_text(job.request), self._options.whisper_dir)
        made = self._engine.call("captions", order, lease, label=str(job.pk))
        assert isinstance(made, dict)
        return made

    def _film(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        """A free render."""
        return self._store_video(job, self._rendered(job, FILMS[job.kind], workspace, lease), is_hidden=False)

    def _preview(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        """A few seconds of a dub, or a frame of a photo: to look at, and no result of the project's."""
        if "at_s" in job.request:
            return self._moment(job, workspace, lease)
        video = self._rendered(job, FILMS[job.request["film"]], workspace, lease)
        return self._store_video(job, video, is_hidden=False, kind=Asset.Kind.DERIVED)

    def _moment(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        order, _ = self._ordered(job, FILMS[job.request["film"]], workspace, lease)
        wanted = MomentOrder(replace(order, fragments=False, music=None), job.request["at_s"])
        shown = self._engine.call("moment", wanted, lease, label=str(job.pk))
        assert isinstance(shown, ShownMoment)
        size = {"width_px": shown.width_px, "height_px": shown.height_px}
        key = _key(job, "moment.jpg")
        picture = store_output(
            job.owner, Asset.Kind.DERIVED, shown.path, key=key, content_type="image/jpeg", is_hidden=False, **size
        )
        return Made(picture, result={"at_s": shown.at_s, "length_s": shown.duration_s, "reason": shown.reason})

    def _export(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        """A clean one: hidden until its settlement has taken the credits for it."""
        try:
            video = self._rendered(job, FILMS[job.request["film"]], workspace, lease)
        except EngineFailure as failure:
            if failure.code in TOO_LONG:
                raise LongerThanQuotedError(failure) from failure
            raise
        made = self._store_video(job, video, is_hidden=True)
        if video.scene_lengths_s and made.result is not None:
            made.result["paid_s"] = paid_seconds(job.request["scenes"], video.scene_lengths_s)
        elif video.intro_s is not None and made.result is not None:  # cards cost nothing
            made.result["paid_s"] = video.duration_s - video.intro_s - (video.outro_s or 0.0)
        return made

    def _rendered(self, job: Job, film: Film, workspace: Workspace, lease: Lease) -> RenderedVideo:
        order, warnings = self._ordered(job, film, workspace, lease)
        hooks = Part(lease, SCENES_SHARE, 1.0, is_live=True) if "scenes" in job.request else lease
        try:
            video = self._engine.call(film.operation, order, hooks, label=str(job.pk))
        except EngineFailure as failure:
            number = failure.detail.get("scene")
            if isinstance(number, int) and "scenes" in job.request:
                raise in_scene(failure, number, job.request["scenes"][number - 1]) from failure
            raise
        assert isinstance(video, RenderedVideo)
        return replace(video, warnings=(*warnings, *video.warnings))

    def _ordered(self, job: Job, film: Film, workspace: Workspace, hooks: Hooks) -> tuple[RenderOrder, tuple[str, ...]]:
        """What the engine is asked for, with all files there, and what is to be said of them."""
        assets = {part: _asset_of(job, asset_id) for part, asset_id in _named_assets(job.request)}
        files = {part: local_copy(asset, workspace.path) for part, asset in assets.items()}
        warnings: tuple[str, ...] = ()
        if "voice" in files:
            recording = self._recording(job, files["voice"], workspace, hooks)
            files["voice"], warnings = recording.path, recording.warnings
        if "scenes" in job.request:
            made, warnings = self._scenes(job, workspace, hooks, assets)
            files |= made
        return self._render_order(job, film, workspace, assets, files), warnings

    def _scenes(
        self, job: Job, workspace: Workspace, hooks: Hooks, assets: dict[str, Asset]
    ) -> tuple[dict[str, Path], tuple[str, ...]]:
        """The film's scenes, rendered, and what is to be said of them; what they are made of joins `assets`."""
        said: list[str] = []

        def render(wanted: Mapping[str, Any], inner: Workspace, part: Hooks, segments_dir: Path | None) -> Path:
            scene_job = copy(job)
            scene_job.request, scene_job.project = dict(wanted), None
            scene = FILMS[wanted["film"]]
            order, warnings = self._ordered(scene_job, scene, inner, part)
            plain = replace(order, render_id=None, credentials_dir=None, fragments=False, segments_dir=segments_dir)
            spot = logo_spot(wanted["reserved_logo"]) if "reserved_logo" in wanted else None
            plain = replace(plain, reserved_corner=wanted["reserved_corner"], reserved_logo=spot)
            video = self._engine.call(scene.operation, plain, part, label=str(job.pk))
            assert isinstance(video, RenderedVideo)
            said.extend((*warnings, *video.warnings))
            return video.path

        for number, row in enumerate(job.request["scenes"]):
            for name, asset_id in _named_assets(row.get("order") or {}):
                assets[f"{scene_part(number)}-{name}"] = _asset_of(job, asset_id)
        files = make_scenes(job.request, workspace, hooks, render, self._options.segments_dir)
        return files, tuple(dict.fromkeys(said))

    def _voice(self, job: Job, workspace: Workspace, lease: Lease) -> tuple[Path | None, bool]:
        """The recording as it is to be heard, if the order names one, and whether it is another than was uploaded."""
        voice_id = job.request.get("voice_asset")
        if not voice_id:
            return None, False
        uploaded = local_copy(_asset_of(job, voice_id), workspace.path)
        heard = self._recording(job, uploaded, workspace, lease).path
        return heard, heard != uploaded

    def _recording(self, job: Job, path: Path, workspace: Workspace, hooks: Hooks) -> ReadyRecording:
        """Trimmed and cleaned as the order says, once for all that listens to it."""
        care = job.request.get("voice_care")
        if not care:
            return ReadyRecording(path, 0.0)
        start_s, end_s = float(care.get("start_s", 0)), float(care.get("end_s", 0))
        order = RecordingOrder(path, workspace.file("recording.wav"), start_s, end_s, bool(care.get("clean")))
        made = self._engine.call("recording", order, hooks, label=str(job.pk))
        assert isinstance(made, ReadyRecording)
        return made

    def _store_video(self, job: Job, video: RenderedVideo, *, is_hidden: bool, kind: str = Asset.Kind.OUTPUT) -> Made:
        stored: list[Asset] = []

        def store(kind: str, path: Path, name: str, content_type: str, **facts: Any) -> Asset:
            key = _key(job, name)
            asset = store_output(
                job.owner, kind, path, key=key, content_type=content_type, is_hidden=is_hidden, **facts
            )
            stored.append(asset)
            return asset

        size = {"width_px": video.width_px, "height_px": video.height_px}
        poster_size = {"width_px": video.poster_width_px, "height_px": video.poster_height_px}
        suffix = video.path.suffix
        try:
            output = store(
                kind,
                video.path,
                f"video{suffix}",
                VIDEO_TYPES[suffix],
                duration_s=video.duration_s,
                **size,
            )
            thumbnail = store(
                Asset.Kind.THUMBNAIL, video.poster_path, "poster.jpg", "image/jpeg", parent=output, **poster_size
            )
            if video.sidecar_path is not None:
                store(Asset.Kind.DERIVED, video.sidecar_path, "video.c2pa", "application/c2pa", parent=output)
        except BaseException:  # a video without its poster or its credentials is not kept
            for asset in reversed(stored):
                delete_asset(asset)
            raise
        facts = asdict(video) | {"path": None, "poster_path": None, "sidecar_path": None}
        result = {key: value for key, value in facts.items() if value is not None}
        return Made(output, thumbnail, result, extras=tuple(stored[2:]), is_hidden=is_hidden)

    def _render_order(
        self, job: Job, film: Film, workspace: Workspace, assets: Mapping[str, Asset], files: Mapping[str, Path]
    ) -> RenderOrder:
        order = job.request
        label_corner = order.get("label_corner", "bottom-left")
        is_free = job.kind != Job.Kind.EXPORT and bool(order.get("watermark", True))
        is_kept = is_free and job.kind != Job.Kind.PREVIEW  # what a passing job leaves would be gone with it
        segments_dir, render_id = project_segments(self._options.segments_dir, job) if is_kept else (None, own_id(job))
        logo = logo_of(order, files, assets["logo"].sha256 if "logo" in assets else "")
        bookends = None if job.kind == Job.Kind.PREVIEW else bookends_of(order, logo)
        return RenderOrder(
            film.build(order, files, Places(workspace.file("video"), self._options.device, self._options.clips_dir)),
            poster_path=workspace.file("poster.jpg"),
            voice_dir=self._options.voice_dir,
            watermark=bool(order.get("watermark", True)),
            label_corner=None if label_corner is None else str(label_corner),
            render_id=render_id,
            credentials_dir=self._options.credentials_dir,
            inputs=tuple(
                RenderInput(part, asset.content_type, asset.sha256) for part, asset in assets.items() if asset.sha256
            ),
            preset=str(order.get("preset", "h264")),
            captions=order.get("captions"),
            caption_text=caption_text(order) if order.get("caption_text") else None,
            aspect=str(order.get("aspect", "source")),
            fragments=is_free and bookends is None,  # what is put before it comes last
            segments_dir=segments_dir,
            mouth_edits=tuple(order.get("mouth_edits") or ()),
            music=music_of(order, files),
            caption_brand=caption_brand_of(order),
            logo=logo,
            bookends=bookends,
        )


def _key(job: Job, name: str) -> str:
    """Where an attempt's result is stored; another attempt never writes to the same place."""
    return f"jobs/{job.pk}/{job.lease_token}/{name}"


def _require(asset: Asset | None) -> Asset:
    if asset is None:
        raise EngineFailure(FailureCode.FILE_MISSING)
    return asset


def _named_assets(order: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The files an order names: {"portrait_asset": id} → ("portrait", id); of its lines ("line-0", id), …"""
    for name, value in order.items():
        if name.endswith("_asset") and value:
            yield name.removesuffix("_asset"), str(value)
    for number, line in enumerate(order.get("lines") or ()):
        if line.get("voice_asset"):
            yield line_part(number), str(line["voice_asset"])
    for number, scene in enumerate(order.get("scenes") or ()):
        if asset_id := scene.get("video_asset") or scene.get("picture_asset"):
            yield scene_part(number), str(asset_id)


def _asset_of(job: Job, asset_id: str) -> Asset:
    """The asset of that id, if it is the job owner's; it may have been deleted since the order was placed."""
    try:
        return Asset.objects.get(pk=asset_id, owner_id=job.owner_id)
    except ObjectDoesNotExist:
        raise EngineFailure(FailureCode.FILE_MISSING) from None
