import datetime
import uuid
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.core.ids import new_id
from apps.credits.models import Hold
from apps.jobs.paying import settle_hold
from apps.projects.models import Project
from apps.uploads.models import Asset

MAX_ATTEMPTS = 2  # the first one, and one re-run after a crash, a hang or a lost worker


class Quote(models.Model):
    """The price of one export, valid for a while: exactly what would be made, and what is taken for it at most.

    `credits` = `seconds` × `credits_per_s` × `neural_factor` × `size_factor`. Ordered at most once: see `Job.quote`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="quotes")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.CASCADE, related_name="quotes")
    request = models.JSONField()
    work = models.CharField(max_length=16)  # a pricing.PaidWork
    content_key = models.CharField(max_length=64)  # what is paid for; another shape or format of it has the same

    credits = models.PositiveIntegerField()
    seconds = models.PositiveIntegerField()  # that are paid; fewer than the video has when part of it was paid before
    credits_per_s = models.PositiveSmallIntegerField()
    neural_factor = models.PositiveSmallIntegerField(default=1)
    size_factor = models.PositiveSmallIntegerField(default=1)

    duration_s = models.FloatField()
    is_exact = models.BooleanField(default=True)  # False: a script whose spoken length is not known yet
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    size_bytes = models.BigIntegerField()  # about

    created_at = models.DateTimeField(auto_now_add=True)
    valid_until = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "content_key"], name="quote_content"),
            models.Index(fields=["created_at"], name="quote_created"),
        ]

    def __str__(self) -> str:
        return f"{self.credits} credits for {self.seconds} s"


class Job(models.Model):
    """One order of work. Its row is the truth; messages in the queue only wake a worker.

    Every change of state is a conditional update here (see the methods), never `job.state = …; job.save()`. Every end
    passes through `_end`, which settles the job's credits in the same transaction.
    """

    class Kind(models.TextChoices):
        PREFLIGHT = "preflight"  # look at `asset`
        FOLLOW = "follow"  # look at every frame of `asset`, a clip, so that dubs of it need not
        SPEECH = "speech"  # speak `request["script"]` into a voice asset, to listen to before rendering
        TRACK = "track"  # find what the mouth does for the voice in `request`, to look at and to edit
        STILL = "still"  # take the frame at `request["at_s"]` of a finished video as its picture
        THUMBNAIL = "thumbnail"  # propose moments of a finished video, or make a picture of one; `request["do"]`
        CAPTIONS = "captions"  # find what is said when in the voice of `request`, to look at and to edit
        PREVIEW = "preview"  # render a few seconds of a dub, marked as a free render, to look at before it
        TALKING_PHOTO = "talking_photo"  # render `request`, free and marked
        VIDEO_DUB = "video_dub"  # the same of a clip whose person says something else
        FILM = "film"  # the same of several scenes
        EXPORT = "export"  # render `request` clean, for credits; what it is of, `quote.work` says

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs")
    asset = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.CASCADE, related_name="jobs")
    request = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (null keeps it out of the unique constraint)

    # Paid work: what was quoted, and the credits reserved for it (none when it is free of charge).
    quote = models.OneToOneField(Quote, null=True, blank=True, on_delete=models.RESTRICT, related_name="job")
    hold = models.OneToOneField(Hold, null=True, blank=True, on_delete=models.PROTECT, related_name="job")

    stage = models.CharField(max_length=32, blank=True)
    fraction = models.FloatField(default=0.0)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    output = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    thumbnail = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    result = models.JSONField(default=dict, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    failure_at_s = models.FloatField(null=True, blank=True)
    failure_detail = models.JSONField(default=dict, blank=True)

    queued_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)  # when the latest wake-up message went to the queue
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-queued_at"]),
            models.Index(fields=["state", "heartbeat_at"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["owner", "idempotency_key"], name="job_idempotency_key_unique_per_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} ({self.state})"

    @classmethod
    def claim(cls, job_id: uuid.UUID) -> Self | None:
        """Take a queued job for this worker, or None when somebody else has it, or it is settled already."""
        now = timezone.now()
        claimed = cls.objects.filter(pk=job_id, state=cls.State.QUEUED, cancel_requested_at=None).update(
            state=cls.State.RUNNING,
            lease_token=uuid.uuid4(),
            attempt=F("attempt") + 1,
            heartbeat_at=now,
            started_at=now,
        )
        if claimed != 1:  # a message may arrive twice, or after a cancel: the row alone decides
            return None
        return cls.objects.select_related("asset", "owner", "hold", "quote").get(pk=job_id)

    def _held(self) -> models.QuerySet[Self]:
        """This job as long as this worker still holds it; a revived worker with an old lease matches nothing."""
        return type(self).objects.filter(pk=self.pk, state=self.State.RUNNING, lease_token=self.lease_token)

    def heartbeat(self, *, stage: str, fraction: float) -> bool:
        """Say "still at it". False: the lease is lost, and nothing more may be done in this job's name."""
        return self._held().update(heartbeat_at=timezone.now(), stage=stage, fraction=fraction) == 1

    def _end(self, jobs: models.QuerySet[Self], state: str, *, rendered_s: float | None = None, **fields: Any) -> bool:
        """End this job if it is still one of `jobs`, and settle its credits with it: both, or neither."""
        with transaction.atomic():
            if jobs.update(state=state, lease_token=None, finished_at=timezone.now(), **fields) != 1:
                return False
            settle_hold(self.hold, self.quote, rendered_s)
            return True

    def succeed(self, *, output: Asset | None, thumbnail: Asset | None, result: dict[str, Any]) -> bool:
        """Settle as done. False: the lease was lost, and what was made must be thrown away."""
        made: dict[str, Any] = {"output": output, "thumbnail": thumbnail, "result": result}
        rendered_s = output.duration_s or 0.0 if output is not None else 0.0
        rendered_s = result.get("paid_s", rendered_s)  # of a film: its scenes' seconds, counted by what they cost
        return self._end(self._held(), self.State.SUCCEEDED, rendered_s=rendered_s, stage="", fraction=1.0, **made)

    def fail(self, code: str, *, at_s: float | None = None, detail: dict[str, Any] | None = None) -> bool:
        facts = {"failure_code": code, "failure_at_s": at_s, "failure_detail": detail or {}}
        return self._end(self._held(), self.State.FAILED, **facts)

    def settle_cancelled(self) -> bool:
        return self._end(self._held(), self.State.CANCELLED, failure_code="cancelled")

    def abandon(self) -> bool:
        """End the job because its row is about to be deleted. False: it was over already."""
        live = type(self).objects.filter(pk=self.pk, state__in=[self.State.QUEUED, self.State.RUNNING])
        return self._end(live, self.State.CANCELLED, failure_code="cancelled")

    def release_for_retry(self, code: str, *, at_s: float | None = None, detail: dict[str, Any] | None = None) -> bool:
        """Give the job back after a crash or a hang: queued again while an attempt is left, else failed with `code`.

        False: nothing changed, the lease was lost. A cancel that came in meanwhile is kept: `claim` refuses such a job.
        """
        if self.attempt >= MAX_ATTEMPTS:
            return self.fail(code, at_s=at_s, detail=detail)
        return self._requeue()

    def release_on_shutdown(self) -> bool:
        """Give the job back because this worker is asked to stop; that attempt does not count."""
        return self._requeue(attempt=self.attempt - 1)

    def _requeue(self, **fields: Any) -> bool:
        return (
            self._held().update(
                state=self.State.QUEUED, lease_token=None, heartbeat_at=None, started_at=None, sent_at=None, **fields
            )
            == 1
        )

    def expire(self, *, silent_since: datetime.datetime) -> bool:
        """Take the job from a worker silent since before `silent_since`: cancelled, queued again, or failed.

        False: nothing changed, because a heartbeat or a settlement came in between.
        """
        lost = self._held().filter(heartbeat_at__lt=silent_since)
        if self.cancel_requested_at is not None:
            return self._end(lost, self.State.CANCELLED, failure_code="cancelled")
        if self.attempt >= MAX_ATTEMPTS:
            return self._end(lost, self.State.FAILED, failure_code="worker_lost")
        return lost.update(state=self.State.QUEUED, lease_token=None, heartbeat_at=None, sent_at=None) == 1

    def request_cancel(self) -> bool:
        """Ask for an end: at once while queued, within a second or two while running. False: already settled."""
        live = type(self).objects.filter(pk=self.pk, state__in=[self.State.QUEUED, self.State.RUNNING])
        if live.update(cancel_requested_at=timezone.now()) != 1:
            return False
        self.settle_cancelled_in_queue()
        return True

    def settle_cancelled_in_queue(self) -> bool:
        """Settle a job that was asked to end while no worker holds it. False: a worker has it, or it is settled."""
        waiting = type(self).objects.filter(pk=self.pk, state=self.State.QUEUED, cancel_requested_at__isnull=False)
        return self._end(waiting, self.State.CANCELLED, failure_code="cancelled")

    def mark_sent(self, *, unless_since: datetime.datetime | None = None) -> bool:
        """Note that a wake-up message is about to be sent; with `unless_since`, only if none was sent since then."""
        queued = type(self).objects.filter(pk=self.pk, state=self.State.QUEUED)
        if unless_since is not None:
            queued = queued.filter(Q(sent_at=None) | Q(sent_at__lt=unless_since))
        return queued.update(sent_at=timezone.now()) == 1

    @property
    def is_settled(self) -> bool:
        return self.state in (self.State.SUCCEEDED, self.State.FAILED, self.State.CANCELLED)
