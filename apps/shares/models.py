import secrets

from django.db import models
from django.utils import timezone

from apps.jobs.models import Job

TOKEN_BYTES = 16  # 128 bits: not to be guessed


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


class Share(models.Model):
    """A private link to one finished video: whoever has it may watch, until it runs out or is taken back."""

    token = models.CharField(max_length=32, primary_key=True, default=new_token, editable=False)
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="share")
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"share of {self.job_id} until {self.expires_at:%Y-%m-%d}"

    @property
    def is_over(self) -> bool:
        return self.expires_at <= timezone.now()
