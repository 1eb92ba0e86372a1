"""Terms, privacy, acceptable use: the operator's newest version, or what ships with the site."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.trust.markup import rendered
from apps.trust.models import Acceptance, LegalPage

TEXTS = Path(__file__).parent / "texts"
SHIPPED_VERSION = "1.0"
SHIPPED_ON = datetime.date(2026, 11, 22)


@dataclass(frozen=True)
class LegalText:
    """One page as it counts today."""

    slug: str
    title: str
    version: str
    effective_on: datetime.date
    text: str

    @property
    def html(self) -> SafeString:
        return rendered(filled(self.text))


def current(slug: str) -> LegalText:
    """The newest version that is in force. `slug` must be one of LegalPage.Slug."""
    title = LegalPage.Slug(slug).label
    today = timezone.now().date()
    kept = LegalPage.objects.filter(slug=slug, effective_on__lte=today).order_by("-effective_on", "-pk").first()
    if kept is not None:
        return LegalText(slug, title, kept.version, kept.effective_on, kept.text)
    return LegalText(slug, title, SHIPPED_VERSION, SHIPPED_ON, shipped(slug))


def shipped(slug: str) -> str:
    """The text that comes with the site."""
    return (TEXTS / f"{LegalPage.Slug(slug).value}.md").read_text(encoding="utf-8")


def filled(text: str) -> str:
    """With the site's own facts in place of {contact}, {welcome_credits} and {retention}."""
    contact = f"[{settings.CONTACT_EMAIL}](mailto:{settings.CONTACT_EMAIL})" if settings.CONTACT_EMAIL else ""
    days = settings.RETENTION_DAYS
    facts = {
        "{contact}": contact or "whoever runs this site",
        "{welcome_credits}": str(settings.SIGNUP_CREDITS),
        "{retention}": f"{days} days after they were made" if days else "when you delete them",
    }
    for place, fact in facts.items():
        text = text.replace(place, fact)
    return text


def accept_all(user: User, *, address: str | None) -> None:
    """Write down that an account accepts the pages as they are now."""
    Acceptance.objects.bulk_create(
        Acceptance(owner=user, slug=slug, version=current(slug).version, address=address)
        for slug in LegalPage.Slug.values
    )
