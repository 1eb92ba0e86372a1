"""One job's life: claim → have it made (`worker.making`) → settle.

With `worker.making` the only bridge between the site and the engine. Every write in a job's name is conditional on its
lease, so that a worker that was given up for dead and wakes again changes nothing.
"""

import errno
import json
import logging
import shutil
import threading
import uuid
from typing import Any

import redis
from django.db import DatabaseError, close_old_connections, connection, transaction

from apps.core.failures import SiteFailure
from apps.core.logs import job_in_logs
from apps.jobs import presence, progress, queue
from apps.jobs.live import LiveStream
from apps.jobs.models import Job
from apps.jobs.services import after_settling
from apps.jobs.takedown import render_of
from apps.projects.voices import VOICES_FILE_NAME
from apps.trust import inquiries
from apps.uploads.services import delete_asset, publish, record_measured, record_preflight
from worker.engine.contracts import Progress, SilentHooks
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.workspace import Workspace
from worker.lease import Lease, StopReason
from worker.making import Engine, LongerThanQuotedError, Made, Maker, RunnerOptions
from worker.process.orders import IdentifyOrder, VoicesOrder

logger = logging.getLogger(__name__)

# A lost child or a hang may be bad luck, so the job gets its second attempt; everything else would only happen again.
RUN_AGAIN = frozenset({FailureCode.ENGINE_CRASHED, FailureCode.TIMED_OUT, FailureCode.OUT_OF_MEMORY})


class SiteDesk:
    """A lease's view of the site: the job's row, and progress in Redis."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._thumbnails = progress.latest(job.pk)["thumbnail"]
        self._live = LiveStream(job.pk, job.lease_token.hex[:16])

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
                "live": self._live.state,
            },
        )

    def keep_thumbnail(self, jpeg: bytes) -> None:
        if progress.keep_thumbnail(self._job.pk, jpeg):
            self._thumbnails += 1

    def keep_fragment(self, number: int, data: bytes) -> None:
        self._live.keep(number, data)

    def close(self) -> None:
        self._live.let_go()
        connection.close()


class JobRunner:
    """Runs jobs by id; safe to call twice for the same job and from several threads."""

    def __init__(self, engine: Engine, options: RunnerOptions) -> None:
        self._engine = engine
        self._options = options
        self._maker = Maker(engine, options)
        self._stopping = threading.Event()

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
                return self._maker.make(job, workspace, lease)
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

    # how it ends

    def _settle_success(self, job: Job, made: Made) -> None:
        with transaction.atomic():
            settled = job.succeed(output=made.output, thumbnail=made.thumbnail, result=made.result or {})
            if settled and made.preflight is not None and job.asset is not None:
                record_preflight(job.asset, made.preflight)
            if settled and made.measured and job.asset is not None:
                record_measured(job.asset, made.measured)
            if settled and made.is_hidden:
                for asset in (made.output, made.thumbnail, *made.extras):
                    if asset is not None:
                        publish(asset)
        if settled:
            logger.info("%s is done", job.kind)
            after_settling(job)
        else:
            self._discard(made)

    def _discard(self, made: Made) -> None:
        logger.warning("the lease was lost, so what was made is thrown away")
        for asset in (*made.extras, made.thumbnail, made.output, made.preview):
            if asset is not None:
                delete_asset(asset)

    def _settle_failure(self, job: Job, lease: Lease, failure: EngineFailure) -> None:
        if lease.stop_reason is StopReason.LOST:
            logger.warning("somebody else has this job by now")
        elif failure.code is FailureCode.CANCELLED and lease.stop_reason in (StopReason.SHUTDOWN, StopReason.GIVES_WAY):
            logger.info("given back to the queue: %s", lease.stop_reason.value)
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
            code = "longer_than_quoted" if isinstance(failure, LongerThanQuotedError) else failure.code.value
            if job.fail(code, at_s=failure.at_s, detail=failure.detail):
                after_settling(job)

    def _release(self, job: Job, failure: EngineFailure) -> None:
        if not job.release_for_retry(failure.code.value, at_s=failure.at_s, detail=failure.detail):
            return
        job.refresh_from_db()
        if job.settle_cancelled_in_queue() or job.is_settled:
            after_settling(job)
        else:
            queue.send(job)
            progress.publish_change(job.pk)

    # beside jobs

    def identify(self, inquiry_id: str) -> None:
        """Answer a visitor's question "was this made here?", if it is still open."""
        close_old_connections()
        inquiry = inquiries.claim(uuid.UUID(inquiry_id))
        if inquiry is None:
            return
        try:
            with Workspace(self._options.work_dir) as workspace:
                self._require_space()
                order = IdentifyOrder(inquiries.local_copy(inquiry, workspace.path), self._options.credentials_dir)
                found = self._engine.call("identify", order, SilentHooks(), label=f"inquiry {inquiry.pk}")
            assert isinstance(found, dict)
            inquiries.answer(inquiry, found | _known_of(found.get("render_id")))
        except (EngineFailure, SiteFailure) as failure:
            inquiries.fail(inquiry, str(failure.code), failure.detail)
        except OSError:
            logger.exception("an inquiry could not be answered")
            inquiries.fail(inquiry, "internal")
        finally:
            close_old_connections()

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


def _known_of(render_id: object) -> dict[str, Any]:
    """What may be told about one of our renders: when it was made and of which kind, never by whom."""
    job = render_of(render_id) if isinstance(render_id, str) else None
    return {} if job is None else {"made_at": job.queued_at.isoformat(), "kind": job.request.get("film", job.kind)}
