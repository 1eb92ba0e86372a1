from django.conf import settings
from django.db import models

from apps.core.ids import new_id


class Asset(models.Model):
    """A file somebody owns: what they gave us, or what we made from it."""

    class Kind(models.TextChoices):
        PORTRAIT = "portrait"
        VOICE = "voice"
        CLIP = "clip"
        TRACK = "track"  # what a mouth does, as JSON
        MUSIC = "music"  # to lie under what is said
        PICTURE = "picture"  # shown as it is, nobody in it speaks
        OUTPUT = "output"
        THUMBNAIL = "thumbnail"
        DERIVED = "derived"

    class State(models.TextChoices):
        RECEIVING = "receiving"  # bytes are still coming in; swept away when abandoned
        CHECKING = "checking"  # stored, preflight is on its way
        READY = "ready"
        REFUSED = "refused"  # preflight found a reason; failure_code says which

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assets")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RECEIVING)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="derived")

    storage_key = models.CharField(max_length=200, unique=True)
    original_name = models.CharField(max_length=255, blank=True)
    content_type = models.CharField(max_length=100)
    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    width_px = models.PositiveIntegerField(null=True, blank=True)
    height_px = models.PositiveIntegerField(null=True, blank=True)
    duration_s = models.FloatField(null=True, blank=True)

    preflight = models.JSONField(null=True, blank=True)  # the report of worker.engine.preflight
    failure_code = models.CharField(max_length=64, blank=True)
    failure_detail = models.JSONField(default=dict, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "kind", "-created_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Upload(models.Model):
    """A file on its way in, in as many requests as it takes; `resumable.py` knows how much of it has arrived."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    kind = models.CharField(max_length=16, choices=Asset.Kind.choices)
    name = models.CharField(max_length=255, blank=True)
    length_bytes = models.BigIntegerField()
    basis = models.CharField(max_length=16, blank=True)  # what was stated about it; see apps/trust
    asset = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.CASCADE, related_name="+")  # once whole
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
