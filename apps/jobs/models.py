from django.conf import settings
from django.db import models

from apps.core.ids import new_id
from apps.projects.models import Project
from apps.uploads.models import Asset


class Job(models.Model):
    """One order of work. Its row is the truth; messages in the queue only wake a worker.

    Every change of state is a conditional update here (see the methods), never `job.state = …; job.save()`.
    """

    class Kind(models.TextChoices):
        PREFLIGHT = "preflight"  # look at `asset`
        SPEECH = "speech"  # speak `request["script"]` into a voice asset, to listen to before rendering
        TALKING_PHOTO = "talking_photo"  # render `request`

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
