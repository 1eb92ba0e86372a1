"""Folders of the library: names that projects carry. One is there as long as something lies in it."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Q

from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.projects.models import Project

NAME_MAX_CHARS = Project._meta.get_field("folder").max_length


@dataclass(frozen=True)
class Shelves:
    """What lies where: `folders` are names and how many videos are in them, by name."""

    folders: tuple[tuple[str, int], ...]
    live: int
    trashed: int


def shelves_of(user: User) -> Shelves:
    """In one query, however much there is."""
    in_trash = Q(trashed_at__isnull=False)
    rows = (
        Project.objects.filter(owner_id=user.pk)
        .values("folder")
        .annotate(trashed=Count("pk", filter=in_trash), live=Count("pk", filter=~in_trash))
        .order_by()
    )
    counts = [(row["folder"], row["live"], row["trashed"]) for row in rows]
    named = sorted((name, live) for name, live, _ in counts if name and live)
    return Shelves(
        folders=tuple(sorted(named, key=lambda one: one[0].casefold())),
        live=sum(live for _, live, _ in counts),
        trashed=sum(trashed for *_, trashed in counts),
    )


def move_to_folder(user: User, project_ids: Collection[uuid.UUID], name: str) -> int:
    """Put the user's projects into the folder of that name; "" takes them out of theirs. Returns how many moved.

    A name that differs from a folder's in upper and lower case alone means that folder. Raises option_invalid.
    """
    wanted = clean_folder_name(name)
    same = [known for known, _ in shelves_of(user).folders if known.casefold() == wanted.casefold()]
    live = Project.objects.filter(owner_id=user.pk, pk__in=list(project_ids), trashed_at=None)
    return live.update(folder=same[0] if same else wanted)


def rename_folder(user: User, name: str, new_name: str) -> tuple[int, str]:
    """Give a folder another name; that of another folder puts both together, "" takes all out.

    Returns how many moved, and the name of the folder where they are now.

    What lies in the trash is renamed too, so that it comes back to where it was. Raises option_invalid.
    """
    if not name or name not in {known for known, _ in shelves_of(user).folders}:
        raise SiteFailure("option_invalid", option="folder", reason="there is no folder of that name")
    wanted = clean_folder_name(new_name)
    others = [known for known, _ in shelves_of(user).folders if known != name]
    same = [known for known in others if known.casefold() == wanted.casefold()]
    folder = same[0] if same else wanted
    return Project.objects.filter(owner_id=user.pk, folder=name).update(folder=folder), folder


def clean_folder_name(name: str) -> str:
    """One line without odd characters. Raises option_invalid when it is too long."""
    cleaned = " ".join("".join(char for char in name if char.isprintable() or char.isspace()).split())
    if len(cleaned) > NAME_MAX_CHARS:
        raise SiteFailure("option_invalid", option="folder", reason=f"at most {NAME_MAX_CHARS} characters")
    return cleaned
