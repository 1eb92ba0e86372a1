"""The drawn presenters: people who do not exist, to start from when no portrait is at hand."""

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.http import Http404

from apps.accounts.models import User
from apps.uploads.models import Asset
from apps.uploads.services import receive_upload

FOLDER = Path("presenters")  # below the static files
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Presenter:
    """`static_name` is the picture's name for `{% static %}`, `thumb_static_name` a small square one's.

    `voice` is the one that fits, until the creator chooses another.
    """

    slug: str
    name: str
    description: str
    voice: str
    static_name: str
    thumb_static_name: str
    path: Path
    sha256: str


@functools.cache
def available_presenters() -> tuple[Presenter, ...]:
    """The presenters that ship with the site, in the order of their list."""
    folder = settings.BASE_DIR / "static" / FOLDER
    names = _names(folder)
    pictures = {
        path.stem: path
        for path in sorted(folder.glob("*"))
        if path.suffix in PICTURE_SUFFIXES and not path.stem.endswith("-thumb")
    }
    ordered = [slug for slug in names if slug in pictures] + [slug for slug in pictures if slug not in names]
    return tuple(
        Presenter(
            slug=slug,
            name=names.get(slug, {}).get("name", slug.replace("-", " ").title()),
            description=names.get(slug, {}).get("description", "A drawn presenter"),
            voice=names.get(slug, {}).get("voice", ""),
            static_name=str(FOLDER / pictures[slug].name),
            thumb_static_name=str(FOLDER / _thumb_of(pictures[slug]).name),
            path=pictures[slug],
            sha256=hashlib.sha256(pictures[slug].read_bytes()).hexdigest(),
        )
        for slug in ordered
    )


def _thumb_of(picture: Path) -> Path:
    thumbs = [picture.with_name(f"{picture.stem}-thumb{suffix}") for suffix in PICTURE_SUFFIXES]
    return next((thumb for thumb in thumbs if thumb.is_file()), picture)


def _names(folder: Path) -> dict[str, dict[str, str]]:
    """slug → name and description, from the list beside the pictures."""
    path = folder / "presenters.json"
    if not path.is_file():
        return {}
    return {row["slug"]: row for row in json.loads(path.read_text(encoding="utf-8"))["presenters"]}


def get_presenter(slug: str) -> Presenter:
    """Http404 when there is none of that name."""
    for presenter in available_presenters():
        if presenter.slug == slug:
            return presenter
    raise Http404("no such presenter")


def presenter_portrait(user: User, presenter: Presenter) -> Asset:
    """The user's own copy of a presenter's picture, made on first use."""
    known = (
        Asset.objects.filter(owner=user, kind=Asset.Kind.PORTRAIT, sha256=presenter.sha256)
        .exclude(state__in=[Asset.State.REFUSED, Asset.State.RECEIVING])
        .first()
    )
    if known is not None:
        return known
    with presenter.path.open("rb") as picture:
        return receive_upload(user, Asset.Kind.PORTRAIT, File(picture, name=presenter.path.name), presenter.path.name)
