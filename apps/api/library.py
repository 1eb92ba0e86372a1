"""The library as a whole: folders, and several videos in one archive."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import ConfigDict

from apps.api.throttles import AccountThrottle
from apps.jobs.downloads import VIDEOS_MAX, bundle_of
from apps.projects.folders import NAME_MAX_CHARS, move_to_folder, rename_folder, shelves_of

MOVED_AT_ONCE = 200
folders_router = Router(tags=["library"])
archive_router = Router(tags=["library"])
read, write = AccountThrottle("read"), AccountThrottle("write")


class FolderOut(Schema):
    name: str
    videos: int


class MoveIn(Schema):
    """Which projects go where. A folder is there while something lies in it; "" takes them out of theirs."""

    model_config = ConfigDict(extra="forbid")
    projects: list[UUID] = Field(min_length=1, max_length=MOVED_AT_ONCE)
    folder: str = Field(max_length=NAME_MAX_CHARS)


class RenameIn(Schema):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=NAME_MAX_CHARS)
    new_name: str = Field(max_length=NAME_MAX_CHARS, description="Another folder's name puts both together.")


class MovedOut(Schema):
    moved: int


class RenamedOut(MovedOut):
    folder: str = Field(description="Its name now; that of the other one, where it differed in upper and lower case.")


class ArchiveIn(Schema):
    model_config = ConfigDict(extra="forbid")
    projects: list[UUID] = Field(min_length=1, max_length=VIDEOS_MAX)


class ArchiveOut(Schema):
    url: str = Field(description="Downloads the archive, for about an hour.")
    videos: int
    left_out: int = Field(description="Projects that have no finished video.")
    size_bytes: int


@folders_router.get("", response=list[FolderOut], throttle=read, summary="List your folders")
def list_folders(request: HttpRequest) -> list[dict[str, Any]]:
    return [{"name": name, "videos": count} for name, count in shelves_of(request.user).folders]


@folders_router.post("/move", response=MovedOut, throttle=write, summary="Put projects into a folder")
def move_projects(request: HttpRequest, payload: MoveIn) -> dict[str, int]:
    """Projects of others, and those in the trash, stay where they are."""
    return {"moved": move_to_folder(request.user, payload.projects, payload.folder)}


@folders_router.post("/rename", response=RenamedOut, throttle=write, summary="Rename a folder")
def rename(request: HttpRequest, payload: RenameIn) -> dict[str, Any]:
    moved, folder = rename_folder(request.user, payload.name, payload.new_name)
    return {"moved": moved, "folder": folder}


@archive_router.post("", response=ArchiveOut, throttle=write, summary="Download several videos at once")
def make_archive(request: HttpRequest, payload: ArchiveIn) -> dict[str, Any]:
    """Of each project its newest clean export, or else its newest render, with the thumbnail that was chosen for it."""
    return asdict(bundle_of(request.user, payload.projects))
