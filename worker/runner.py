"""One job's life: claim → fetch its files into a workspace → engine process → store what was made → settle.

The only bridge between the site and the engine. Every write in a job's name is conditional on its lease, so that a
worker that was given up for dead and wakes again changes nothing.
"""

import errno
import json
import logging
import shutil
import threading
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import redis
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, close_old_connections, connection, transaction

from apps.core.failures import SiteFailure
from apps.core.logs import job_in_logs
from apps.jobs import presence, progress, queue
from apps.jobs.models import Job
from apps.jobs.services import after_settling
from apps.projects.voices import VOICES_FILE_NAME
from apps.uploads.models import Asset
from apps.uploads.pictures import needs_preview
from apps.uploads.services import delete_asset, local_copy, record_preflight, store_output
from worker.engine.contracts import (
    Aspect,
    FaceChoice,
    Hooks,
    Progress,
    Script,
    SilentHooks,
    Style,
    TalkingPhotoRequest,
)
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.workspace import Workspace
from worker.lease import Lease, StopReason
from worker.process.orders import (
    PreflightOrder,
    RenderedVideo,
    RenderInput,
    RenderOrder,
    Speech,
    SpeechOrder,
    VoicesOrder,
)

logger = logging.getLogger(__name__)

# A lost child or a hang may be bad luck, so the job gets its second attempt; everything else would only happen again.
RUN_AGAIN = frozenset({FailureCode.ENGINE_CRASHED, FailureCode.TIMED_OUT, FailureCode.OUT_OF_MEMORY})

RENDER_ID_DIGITS = 12  # the first of the job's id: 48 random bits, so no two jobs share them


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
    free_bytes_min: int = 200 * 2**20  # below this nothing new is started, so that the database can still be written


@dataclass(frozen=True)
class Made:
    """What a job brought forth."""

    output: Asset | None = None
    thumbnail: Asset | None = None
    result: dict[str, Any] | None = None
    preflight: dict[str, Any] | None = None
    preview: Asset | None = None


class SiteDesk:
    """A lease's view of the site: the job's row, and progress in Redis."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._thumbnails = progress.latest(job.pk)["thumbnail"]

    def heartbeat(self, state: Progress) -> bool:
        try:
            return self._job.heartbeat(stage=state.stage.value, fraction=state.fraction)
        except DatabaseError as error:  # busy or away: the next beat may get through, and the reaper is patient
            logger.warning("heartbeat could not be written: %s", error)
            return True

    def is_cancel_wanted(self) -> bool:
        return progress.is_cancel_flagged(self._job.pk)

    def publish(self, state: Progress) -> None:
        progress.publish(
            self._job.pk,
            {
                "stage": state.stage.value,
                "fraction": round(state.fraction, 4),
                "eta_s": None if state.eta_s is None else round(state.eta_s, 1),
                "thumbnail": self._thumbnails,
            },
        )

    def keep_thumbnail(self, jpeg: bytes) -> None:
        if progress.keep_thumbnail(self._job.pk, jpeg):
            self._thumbnails += 1

    def close(self) -> None:
        connection.close()


class JobRunner:
    """Runs jobs by id; safe to call twice for the same job and from several threads."""

    def __init__(self, engine: Engine, options: RunnerOptions) -> None:
        self._engine = engine
        self._options = options
        self._stopping = threading.Event()
        self._work: dict[str, Callable[[Job, Workspace, Lease], Made]] = {
            Job.Kind.PREFLIGHT: self._preflight,
            Job.Kind.SPEECH: self._speech,
            Job.Kind.TALKING_PHOTO: self._talking_photo,
        }

    def stop(self) -> None:
        """Have running jobs given back to the queue as soon as possible."""
        self._stopping.set()

    def run(self, job_id: str) -> None:
        """Do the job if it is still to be done. Raises nothing that belongs to the job."""
        close_old_connections()
        if self._stopping.is_set():
            return  # its row stays queued, and the clock wakes the next worker
        job = Job.claim(uuid.UUID(job_id))
        if job is None:
            return
        with job_in_logs(job.pk):
            logger.info("%s begins, attempt %d", job.kind, job.attempt)
            progress.publish_change(job.pk)
            lease = Lease(SiteDesk(job), is_shutting_down=self._stopping.is_set)
            try:
                made = self._make(job, lease)
            except EngineFailure as failure:
                self._settle_failure(job, lease, failure)
            else:
                self._settle_success(job, made)
        close_old_connections()

    def _make(self, job: Job, lease: Lease) -> Made:
        try:
            with lease, Workspace(self._options.work_dir) as workspace:
                self._require_space()
                return self._work[job.kind](job, workspace, lease)
        except EngineFailure:
            raise
        except SiteFailure as failure:  # storing: the disk is full
            known = failure.code in {code.value for code in FailureCode}
            raise EngineFailure(FailureCode(failure.code) if known else FailureCode.INTERNAL) from failure
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise EngineFailure(FailureCode.DISK_FULL) from error
            logger.exception("could not read or write")
            raise EngineFailure(FailureCode.INTERNAL) from error
        except Exception as error:  # whatever went wrong is this job's failure, and the worker goes on
            logger.exception("failed unexpectedly")
            raise EngineFailure(FailureCode.INTERNAL) from error

    def _require_space(self) -> None:
        free = shutil.disk_usage(self._options.work_dir).free
        if free < self._options.free_bytes_min:
            logger.error("only %d MB left on the disk", free // 2**20)
            raise EngineFailure(FailureCode.DISK_FULL)

    # the kinds of work

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

    def _speech(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        order = SpeechOrder(_script(job.request["script"]), workspace.file("speech.wav"), self._options.voice_dir)
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
        return Made(output=asset, result={"duration_s": speech.duration_s, "words": speech.words})

    def _talking_photo(self, job: Job, workspace: Workspace, lease: Lease) -> Made:
        order = self._render_order(job, workspace)
        video = self._engine.call("talking_photo", order, lease, label=str(job.pk))
        assert isinstance(video, RenderedVideo)
        return self._store_video(job, video)

    def _store_video(self, job: Job, video: RenderedVideo) -> Made:
        output = store_output(
            job.owner,
            Asset.Kind.OUTPUT,
            video.path,
            key=_key(job, "video.mp4"),
            content_type="video/mp4",
            width_px=video.width_px,
            height_px=video.height_px,
            duration_s=video.duration_s,
        )
        try:
            thumbnail = store_output(
                job.owner,
                Asset.Kind.THUMBNAIL,
                video.poster_path,
                key=_key(job, "poster.jpg"),
                content_type="image/jpeg",
                parent=output,
                width_px=video.poster_width_px,
                height_px=video.poster_height_px,
            )
        except BaseException:  # a video without its poster is not kept
            delete_asset(output)
            raise
        facts = asdict(video) | {"path": None, "poster_path": None}
        return Made(output, thumbnail, {key: value for key, value in facts.items() if value is not None})

    def _render_order(self, job: Job, workspace: Workspace) -> RenderOrder:
        order = job.request
        portrait = _asset_of(job, order["portrait_asset"])
        voice = _asset_of(job, order["voice_asset"]) if order.get("voice_asset") else None
        request = TalkingPhotoRequest(
            portrait_path=local_copy(portrait, workspace.path),
            output_path=workspace.file("video.mp4"),
            audio_path=local_copy(voice, workspace.path) if voice else None,
            script=None if voice else _script(order["script"]),
            face=_face(order.get("face") or {}),
            aspect=Aspect(order.get("aspect", "source")),
            style=Style(order.get("style", "natural")),
            frame_rate=Fraction(str(order.get("fps", "25"))),
            seed=int(order.get("seed", 0)),
            device=self._options.device,
            max_short_side_px=order.get("max_short_side_px"),
            max_duration_s=float(order.get("max_duration_s", 60)),
        )
        return RenderOrder(
            request,
            poster_path=workspace.file("poster.jpg"),
            voice_dir=self._options.voice_dir,
            watermark=bool(order.get("watermark", True)),
            label_corner=str(order.get("label_corner", "bottom-left")),
            render_id=job.pk.hex[:RENDER_ID_DIGITS],
            credentials_dir=self._options.credentials_dir,
            inputs=tuple(
                RenderInput(part, asset.content_type, asset.sha256)
                for part, asset in (("portrait", portrait), ("voice", voice))
                if asset is not None and asset.sha256
            ),
        )

    # how it ends

    def _settle_success(self, job: Job, made: Made) -> None:
        with transaction.atomic():
            settled = job.succeed(output=made.output, thumbnail=made.thumbnail, result=made.result or {})
            if settled and made.preflight is not None and job.asset is not None:
                record_preflight(job.asset, made.preflight)
        if settled:
            logger.info("%s is done", job.kind)
            after_settling(job)
        else:
            self._discard(made)

    def _discard(self, made: Made) -> None:
        logger.warning("the lease was lost, so what was made is thrown away")
        for asset in (made.thumbnail, made.output, made.preview):
            if asset is not None:
                delete_asset(asset)

    def _settle_failure(self, job: Job, lease: Lease, failure: EngineFailure) -> None:
        if lease.stop_reason is StopReason.LOST:
            logger.warning("somebody else has this job by now")
        elif failure.code is FailureCode.CANCELLED and lease.stop_reason is StopReason.SHUTDOWN:
            logger.info("given back to the queue, since this worker is asked to end")
            job.release_on_shutdown()
            progress.publish_change(job.pk)
        elif failure.code is FailureCode.CANCELLED:
            logger.info("stopped as asked")
            if job.settle_cancelled():
                after_settling(job)
        elif failure.code in RUN_AGAIN:
            logger.warning("attempt %d ended with %s", job.attempt, failure)
            self._release(job, failure)
        else:
            logger.info("failed: %s", failure)
            if job.fail(failure.code.value, at_s=failure.at_s, detail=failure.detail):
                after_settling(job)

    def _release(self, job: Job, failure: EngineFailure) -> None:
        if not job.release_for_retry(failure.code.value, detail=failure.detail):
            return
        job.refresh_from_db()
        if job.settle_cancelled_in_queue() or job.is_settled:
            after_settling(job)
        else:
            queue.send(job)
            progress.publish_change(job.pk)

    # beside jobs

    def refresh_voices(self) -> None:
        """Tell the site which voices there are."""
        voices = self._engine.call("voices", VoicesOrder(self._options.voice_dir), SilentHooks())
        text = json.dumps(voices, ensure_ascii=False, indent=1)
        path = self._options.data_dir / VOICES_FILE_NAME
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            draft = path.with_suffix(f".{uuid.uuid4().hex}")
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)

    def announce(self, name: str, **facts: Any) -> None:
        """Say that this worker is ready; see `apps.jobs.presence`."""
        try:
            presence.announce(name, **facts)
        except (redis.RedisError, OSError) as error:
            logger.warning("could not say that %s is here: %s", name, error)


def _key(job: Job, name: str) -> str:
    """Where an attempt's result is stored; another attempt never writes to the same place."""
    return f"jobs/{job.pk}/{job.lease_token}/{name}"


def _require(asset: Asset | None) -> Asset:
    if asset is None:
        raise EngineFailure(FailureCode.FILE_MISSING)
    return asset


def _asset_of(job: Job, asset_id: str) -> Asset:
    """The asset of that id, if it is the job owner's; it may have been deleted since the order was placed."""
    try:
        return Asset.objects.get(pk=asset_id, owner_id=job.owner_id)
    except ObjectDoesNotExist:
        raise EngineFailure(FailureCode.FILE_MISSING) from None


def _script(script: dict[str, Any]) -> Script:
    return Script(
        text=script["text"],
        voice=script["voice"],
        rate=float(script.get("rate", 1.0)),
        pitch=float(script.get("pitch", 1.0)),
    )


def _face(face: dict[str, Any]) -> FaceChoice:
    if face.get("point"):
        x, y = face["point"]
        return FaceChoice(point=(float(x), float(y)))
    return FaceChoice(index=face.get("index"))
