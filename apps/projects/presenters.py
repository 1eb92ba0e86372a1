"""The drawn presenters: people who do not exist, to start from when no portrait is at hand."""

import functools
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.http import Http404

from apps.accounts.models import User
from apps.trust.attestations import attest, attestation_of
from apps.trust.statements import Basis
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
    if known is None:
        with presenter.path.open("rb") as picture:
            file = File(picture, name=presenter.path.name)
            known = receive_upload(user, Asset.Kind.PORTRAIT, file, presenter.path.name)
    attest_presenters([known])
    return known


def attest_presenters(assets: Iterable[Asset | None]) -> None:
    """State for our own drawn people that nobody real is shown, whichever way their picture came here."""
    drawn = {presenter.sha256 for presenter in available_presenters()}
    for asset in assets:
        is_ours = asset is not None and asset.kind == Asset.Kind.PORTRAIT and asset.sha256 in drawn
        if is_ours and attestation_of(asset) is None:
            attest(asset, Basis.LICENSED, by_site=True)
