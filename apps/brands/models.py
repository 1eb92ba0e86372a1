from django.conf import settings
from django.db import models

from apps.core.ids import new_id
from apps.uploads.models import Asset


class Brand(models.Model):
    """What an account's videos have in common: a logo, colours, a typeface. One per account."""

    class Typeface(models.TextChoices):
        STYLE = "style"  # each caption style keeps its own
        SANS = "sans"
        DISPLAY = "display"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="brand")
    logo = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    primary = models.CharField(max_length=7, default="#1b1720")  # #rrggbb, lower case, as the others
    accent = models.CharField(max_length=7, default="#ffd640")
    text = models.CharField(max_length=7, default="#ffffff")
    typeface = models.CharField(max_length=8, choices=Typeface.choices, default=Typeface.STYLE)
    intro_text = models.CharField(max_length=80, blank=True)
    intro_s = models.FloatField(default=2.0)
    outro_text = models.CharField(max_length=80, blank=True)
    outro_s = models.FloatField(default=2.0)
    pronunciations = models.JSONField(default=list, blank=True)  # [{"word", "said"}], checked by who knows scripts
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Brand of {self.owner_id}"
