from django.conf import settings
from django.db import models

from apps.core.ids import new_id
from apps.uploads.models import Asset


class Project(models.Model):
    """A talking photo in the making: who speaks, what is said, and how it should look."""

    class Kind(models.TextChoices):
        TALKING_PHOTO = "talking_photo"

    class VoiceSource(models.TextChoices):
        AUDIO = "audio"  # uploaded or recorded: `voice`
        SCRIPT = "script"  # typed: `script`, `script_voice`, …

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="projects")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.TALKING_PHOTO)
    title = models.CharField(max_length=120, blank=True)

    portrait = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    voice_source = models.CharField(max_length=16, choices=VoiceSource.choices, default=VoiceSource.SCRIPT)
    voice = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    script = models.TextField(blank=True)
    script_voice = models.CharField(max_length=80, blank=True)
    script_rate = models.FloatField(default=1.0)
    script_pitch = models.FloatField(default=1.0)

    face_index = models.PositiveSmallIntegerField(null=True, blank=True)  # None: automatic
    aspect = models.CharField(max_length=8, default="source")
    style = models.CharField(max_length=16, default="natural")
    frames_per_second = models.CharField(max_length=12, default="25")  # a fraction, e.g. "30000/1001"
    seed = models.PositiveIntegerField(default=0)
    label_corner = models.CharField(max_length=16, default="bottom-left")

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-updated_at"])]

    def __str__(self) -> str:
        return self.title or f"Untitled {self.id}"
