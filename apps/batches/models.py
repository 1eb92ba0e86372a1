from typing import Any

from django.conf import settings
from django.db import models

from apps.core.ids import new_id
from apps.jobs.models import Job
from apps.projects.models import Project

NAME_MAX_CHARS = 120


class Batch(models.Model):
    """A set of variants of one project, ordered together. What each of them is, was fixed when it was started."""

    class Making(models.TextChoices):
        FREE = "free"  # free renders, with the watermark
        EXPORT = "export"  # clean, for credits: one per picture and sound; its shapes and captions are free

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="batches")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="batches")
    making = models.CharField(max_length=8, choices=Making.choices)
    choices: Any = models.JSONField()  # the lists as they were asked for
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001 (null keeps it out of the unique constraint)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-created_at"])]
        constraints = [models.UniqueConstraint(fields=["owner", "idempotency_key"], name="batch_key_unique_per_owner")]

    def __str__(self) -> str:
        return f"{self.making} batch {self.id}"


class Variant(models.Model):
    """One video of a batch: an ordinary job of a snapshot of the project.

    `job` is empty while it waits for the paid one of its `group`: the same picture and sound in another form is free
    once that one is done. `request`, `facts`: what will be ordered then.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="variants")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=NAME_MAX_CHARS)
    choices: Any = models.JSONField()  # {"hook", "voice", "captions", "shape"}; None: as in the project
    is_favourite = models.BooleanField(default=False)

    job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.SET_NULL, related_name="variant")
    is_removed = models.BooleanField(default=False)  # its video was deleted
    group = models.CharField(max_length=64, blank=True)
    is_leader = models.BooleanField(default=False)  # the one of its group that is paid
    request: Any = models.JSONField(default=dict)
    facts: Any = models.JSONField(default=dict)

    class Meta:
        ordering = ["batch", "position"]
        constraints = [models.UniqueConstraint(fields=["batch", "position"], name="variant_position_unique")]

    def __str__(self) -> str:
        return self.name
