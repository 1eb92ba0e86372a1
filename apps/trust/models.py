"""Who stated what, what was reported, what is blocked, and what was done about it.

Attestations and the audit trail are only ever added. They name files and people by id, not by foreign keys, so that
they outlast what they are about.
"""

import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.core.append_only import AppendOnly
from apps.core.ids import new_id
from apps.trust.statements import Basis

ANSWER_WITHIN = datetime.timedelta(hours=48)


class Attestation(AppendOnly):
    """Somebody's statement about one file. The newest one of a file counts; it goes only with its account."""

    class StatedBy(models.TextChoices):
        CREATOR = "creator"
        SITE = "site"  # our own drawn presenters

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attestations")
    asset_id = models.UUIDField()
    asset_kind = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64, blank=True)
    basis = models.CharField(max_length=16, choices=Basis.choices)
    text_version = models.CharField(max_length=16)
    text = models.CharField(max_length=400)
    stated_by = models.CharField(max_length=16, choices=StatedBy.choices, default=StatedBy.CREATOR)
    address = models.GenericIPAddressField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["asset_id", "-created_at"]), models.Index(fields=["owner", "sha256"])]

    def __str__(self) -> str:
        return f"{self.get_basis_display()}: {self.asset_kind} {self.asset_id}"


class AuditEntry(AppendOnly):
    """One thing that was done to somebody's file, or about it."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(auto_now_add=True)
    actor_id = models.UUIDField(null=True, blank=True)  # None: the site itself, or somebody without an account
    actor_name = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)  # e.g. "asset 6f0…", "report R-…"
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "audit trail"
        indexes = [models.Index(fields=["subject", "-at"]), models.Index(fields=["-at"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.subject}"


class Report(models.Model):
    """Somebody's report of a video or picture that should not be here. Changed only by `reports.decide_*`."""

    class Kind(models.TextChoices):
        LIKENESS = "likeness", "My face or voice, without my consent"
        INTIMATE = "intimate", "Intimate images without consent"
        MINOR = "minor", "A child is shown or sexualised"
        DECEPTION = "deception", "It deceives people or passes somebody off"
        COPYRIGHT = "copyright", "It uses my picture, recording or video"
        OTHER = "other", "Something else that breaks the rules"

    class State(models.TextChoices):
        OPEN = "open", "Being looked at"
        REMOVED = "removed", "Removed"
        REJECTED = "rejected", "Not removed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(max_length=16, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    places = models.TextField(max_length=2000)  # links, or where it was seen
    details = models.TextField(max_length=4000, blank=True)
    name = models.CharField(max_length=120)
    email = models.EmailField()
    render_id = models.CharField(max_length=12, blank=True)  # what the hidden mark says, if the reporter has checked
    address = models.GenericIPAddressField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    answer = models.TextField(max_length=2000, blank=True)  # what the reporter is told
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    due_at = models.DateTimeField(editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"])]

    def __str__(self) -> str:
        return self.reference

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.due_at is None:
            self.due_at = self.created_at + ANSWER_WITHIN
        super().save(*args, **kwargs)

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_at < timezone.now()


class BlockedMedia(models.Model):
    """A file that may not come back, by its bytes and, for pictures, by how it looks."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    picture_hash = models.CharField(max_length=32, blank=True)  # of `worker.compose.picture_hash`, hex
    kind = models.CharField(max_length=16, blank=True)
    report = models.ForeignKey(Report, null=True, blank=True, on_delete=models.SET_NULL, related_name="blocked")
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "blocked media"

    def __str__(self) -> str:
        return f"{self.kind or 'file'} {self.sha256[:12]}…"


class Inquiry(models.Model):
    """Somebody's question "was this made here?", with the file until it is answered. Belongs to nobody.

    Its row is the truth, as with jobs: every change of state is a conditional update in `inquiries`.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        LOOKING = "looking"
        ANSWERED = "answered"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    storage_key = models.CharField(max_length=200, blank=True)  # empty once the file is gone
    extension = models.CharField(max_length=8)
    size_bytes = models.BigIntegerField()
    attempt = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField(default=dict, blank=True)
    failure_code = models.CharField(max_length=64, blank=True)
    failure_detail = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "inquiries"
        indexes = [models.Index(fields=["state", "changed_at"])]

    def __str__(self) -> str:
        return f"inquiry {self.id} ({self.state})"


class LegalPage(AppendOnly):
    """One version of a legal page's text, as the operator wrote it. The newest counts; what ships counts before."""

    class Slug(models.TextChoices):
        TERMS = "terms", "Terms of use"
        PRIVACY = "privacy", "Privacy"
        ACCEPTABLE_USE = "acceptable-use", "Acceptable use"

    id = models.BigAutoField(primary_key=True)
    slug = models.CharField(max_length=20, choices=Slug.choices)
    version = models.CharField(max_length=20)
    text = models.TextField(max_length=60_000)
    effective_on = models.DateField(default=datetime.date.today)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slug", "version"], name="legal_page_version_unique")]

    def __str__(self) -> str:
        return f"{self.get_slug_display()}, version {self.version}"


class Acceptance(AppendOnly):
    """Which version of a legal page an account accepted, and when. Goes only with its account."""

    id = models.BigAutoField(primary_key=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="acceptances")
    slug = models.CharField(max_length=20, choices=LegalPage.Slug.choices)
    version = models.CharField(max_length=20)
    address = models.GenericIPAddressField(null=True, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.slug} {self.version} by {self.owner_id}"


class Archive(models.Model):
    """Somebody's copy of everything of theirs: ordered by them, built by a worker, kept for a week."""

    class State(models.TextChoices):
        ORDERED = "ordered"
        BUILDING = "building"
        READY = "ready"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="archives")
    state = models.CharField(max_length=16, choices=State.choices, default=State.ORDERED)
    storage_key = models.CharField(max_length=200, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    ordered_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-ordered_at"]), models.Index(fields=["state", "changed_at"])]

    def __str__(self) -> str:
        return f"archive {self.id} ({self.state})"
