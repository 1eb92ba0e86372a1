from typing import Any

from django.conf import settings
from django.db import models

from apps.core.ids import new_id
from apps.projects.options import FILM, TALKING_PHOTO, VIDEO_DUB, settings_of
from apps.uploads.models import Asset


def _file(related: str = "+") -> Any:
    return models.ForeignKey(Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name=related)


class Project(models.Model):
    """A video in the making: who speaks, what is said, and how it should look.

    Files, words and the choice of a face have columns; everything else that can be set is in `options`, which holds
    only what differs from the defaults of `options.SETTINGS`. Change it by `services.update_project` alone.
    """

    class Kind(models.TextChoices):
        TALKING_PHOTO = TALKING_PHOTO  # `portrait` speaks; `clip` may drive it
        VIDEO_DUB = VIDEO_DUB  # the person in `clip` says something else
        FILM = FILM  # several scenes one after the other: see `films`

    class VoiceSource(models.TextChoices):
        AUDIO = "audio"  # uploaded or recorded: `voice`
        SCRIPT = "script"  # typed: `script`, `script_voice`, …
        LINES = "lines"  # of a dub: only single lines change, see `lines`

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="projects")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.TALKING_PHOTO)
    title = models.CharField(max_length=120, blank=True)
    version = models.PositiveIntegerField(default=1)  # one more with each change, so that two tabs notice each other

    portrait = _file()
    clip = _file()
    voice = _file()
    track = _file()  # an uploaded mouth track that the mouth follows instead of the voice
    music = _file()  # under what is said
    thumbnail = _file()  # the picture that was chosen for it; None: its newest render's
    backdrop = _file()  # behind a photo's person, where `background` says "picture"
    voice_source = models.CharField(max_length=16, choices=VoiceSource.choices, default=VoiceSource.SCRIPT)
    script = models.TextField(blank=True)
    script_voice = models.CharField(max_length=80, blank=True)
    script_rate = models.FloatField(default=1.0)
    script_pitch = models.FloatField(default=1.0)

    face_index = models.PositiveSmallIntegerField(null=True, blank=True)  # None: automatic
    options = models.JSONField(default=dict, blank=True)

    folder = models.CharField(max_length=60, blank=True)  # by its name: a folder is there while something lies in it
    trashed_at = models.DateTimeField(null=True, blank=True)  # in the trash since then

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-updated_at"]),
            models.Index(fields=["trashed_at"], condition=models.Q(trashed_at__isnull=False), name="project_trash"),
        ]

    def __str__(self) -> str:
        return self.title or f"Untitled {self.id}"

    def settings_now(self) -> dict[str, Any]:
        """Every setting of the project's kind with its value: chosen, or the default."""
        return {name: self.options.get(name, setting.default) for name, setting in settings_of(self.kind).items()}


class SavedPresenter(models.Model):
    """Somebody to start videos from again: a portrait or a clip, with the voice and the manner chosen for them."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="presenters")
    kind = models.CharField(max_length=16, choices=Project.Kind.choices)
    name = models.CharField(max_length=60)
    source = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")  # without it nobody is left
    face_index = models.PositiveSmallIntegerField(null=True, blank=True)
    script_voice = models.CharField(max_length=80, blank=True)
    script_rate = models.FloatField(default=1.0)
    script_pitch = models.FloatField(default=1.0)
    options = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at"])]

    def __str__(self) -> str:
        return self.name
