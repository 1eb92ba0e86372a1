"""What was rendered of each project, kept for a while on this machine, so that a change need not render all again.

A cache, never the truth: any of it may be thrown away at any time. Its frames carry the marks of the render that made
them, so all renders that use them say the same in their hidden mark: the id of the project's first one.
"""

import contextlib
import re
import shutil
import time
import uuid
from pathlib import Path

from django.conf import settings

from apps.jobs.models import Job
from apps.projects.models import Project

RENDER_ID_DIGITS = 12  # the first of the job's id: 48 random bits, so no two jobs share them
KEPT_S = 3 * 24 * 3600  # after the latest render
_MARK_FILE = "render_id"
_RENDER_ID = re.compile(rf"[0-9a-f]{{{RENDER_ID_DIGITS}}}")


def own_id(job: Job) -> str:
    """What the hidden mark of a render says that shares nothing with others."""
    return job.pk.hex[:RENDER_ID_DIGITS]


def project_segments(root: Path | None, job: Job) -> tuple[Path | None, str]:
    """Where the segments of the job's project lie, and what the hidden mark of its render says."""
    if root is None or job.project_id is None:
        return None, own_id(job)
    folder = root / str(job.project_id)
    for _ in range(2):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with (folder / _MARK_FILE).open("x", encoding="ascii") as file:
                file.write(own_id(job))
            return folder, own_id(job)
        except FileExistsError:
            render_id = _known_id(folder, job)
            if render_id is not None:
                return folder, render_id
            shutil.rmtree(folder, ignore_errors=True)  # its first render is gone, and with it what the mark leads to
    return None, own_id(job)


def _known_id(folder: Path, job: Job) -> str | None:
    render_id = ""
    with contextlib.suppress(OSError, ValueError):
        render_id = (folder / _MARK_FILE).read_text(encoding="ascii")
    if not _RENDER_ID.fullmatch(render_id):
        return None
    first, last = (uuid.UUID(render_id + filler * 20) for filler in "0f")
    first_render = Job.objects.filter(pk__gte=first, pk__lte=last, project_id=job.project_id)
    return render_id if first_render.exists() else None


def forget(project_id: uuid.UUID) -> None:
    """Throw away what was rendered of a project."""
    shutil.rmtree(Path(settings.SEGMENTS_DIR) / str(project_id), ignore_errors=True)


def sweep() -> int:
    """Throw away the segments of projects that are gone or were not rendered lately; returns how many projects'."""
    removed = 0
    with contextlib.suppress(OSError):
        for folder in Path(settings.SEGMENTS_DIR).iterdir():
            if not _is_needed(folder):
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


def _is_needed(folder: Path) -> bool:
    try:
        project_id = uuid.UUID(folder.name)
        used_at = max((file.stat().st_mtime for file in folder.iterdir()), default=0.0)
    except (ValueError, OSError):
        return False
    return used_at > time.time() - KEPT_S and Project.objects.filter(pk=project_id).exists()
