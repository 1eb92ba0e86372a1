"""What `manage.py doctor` looks at. Each check says what it found, and what to do when that is not good."""

import contextlib
import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core import checks
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.letters import stuck_letters
from apps.jobs.models import Job
from apps.jobs.presence import present
from apps.jobs.redis_client import get_redis

FREE_MB_MIN = 1024
WORKER_DOCTOR_MAX_S = 180


@dataclass(frozen=True)
class Finding:
    """`ok` None: cannot be said now, and that is no fault."""

    name: str
    ok: bool | None
    found: str
    fix: str = ""


def fine(name: str, found: str) -> Finding:
    return Finding(name, ok=True, found=found)


def broken(name: str, found: str, fix: str) -> Finding:
    return Finding(name, ok=False, found=found, fix=fix)


def look_at_settings() -> Iterator[Finding]:
    """Django's own and the site's system checks."""
    problems = [message for message in checks.run_checks() if message.level >= checks.WARNING]
    for message in problems:
        hint = f" {message.hint}" if message.hint else ""
        yield Finding("settings", message.level < checks.ERROR, f"{message.msg}{hint} ({message.id})")
    if not problems:
        yield fine("settings", "no contradictions")


def look_at_database() -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield broken("database", f"does not answer: {error}", "Check DATABASE_URL, and that it runs.")
        return
    fix = "Run `manage.py migrate`."
    found = f"{connection.display_name} answers"
    yield Finding("database", not missing, f"{found}, {len(missing)} migrations are missing" if missing else found, fix)
    if not missing:
        waiting = Job.objects.filter(state=Job.State.QUEUED).count()
        running = Job.objects.filter(state=Job.State.RUNNING).count()
        yield fine("jobs", f"{running} running, {waiting} waiting")


def look_at_redis() -> Iterator[Finding]:
    try:
        get_redis().ping()
    except (redis.RedisError, OSError) as error:
        if settings.REDIS_SOCKET is not None:
            yield Finding(
                "Redis", ok=None, found="the embedded one runs together with `make run`, which is not running now"
            )
        else:
            yield broken("Redis", f"does not answer: {error}", "Check REDIS_URL, and that it runs.")
        return
    yield fine("Redis", "answers")
    there = present()
    wanted = [f"interactive-{n + 1}" for n in range(settings.INTERACTIVE_WORKERS)]
    wanted += [f"render-{n + 1}" for n in range(settings.RENDER_WORKERS)] + ["clock"]
    for name in wanted:
        yield Finding(name, name in there, "at work" if name in there else "not there", "See the lines of `make run`.")


def look_at_disk() -> Iterator[Finding]:
    for name, folder in (("data folder", settings.DATA_DIR), ("work folder", settings.WORK_DIR)):
        path = Path(folder)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        free_mb = shutil.disk_usage(path).free // 2**20
        fix = f"Free some space below {path}, or move it with DATA_DIR."
        yield Finding(name, free_mb >= FREE_MB_MIN, f"{free_mb} MB free in {path}", fix)


def look_at_storage() -> Iterator[Finding]:
    """Write, read and delete a small file where creators' files go."""
    name, where = f"doctor/{uuid.uuid4().hex}", settings.S3_BUCKET or settings.MEDIA_DIR
    try:
        key = default_storage.save(name, ContentFile(b"lipsmith"))
        with default_storage.open(key) as file:
            same = file.read() == b"lipsmith"
        default_storage.delete(key)
    except Exception as error:  # noqa: BLE001 (each storage has errors of its own, and all of them are the finding)
        yield broken("file storage", f"{where}: {type(error).__name__}: {error}", "Check S3_* or the disk.")
        return
    yield Finding("file storage", same, f"{where} keeps what it is given")


def look_at_mail() -> Iterator[Finding]:
    with contextlib.suppress(DatabaseError):  # the database has a finding of its own
        stuck = stuck_letters()
        fix = "Look for “could not be delivered” in the workers' lines, and check EMAIL_URL."
        yield Finding("letters", stuck == 0, f"{stuck} wait for longer than they should", fix)
    if settings.EMAIL_CONFIGURED:
        yield fine("mail", f"goes through {settings.EMAIL_HOST}")
    else:
        yield Finding("mail", settings.DEBUG, "no mail server: letters go to the terminal", "Set EMAIL_URL.")


def look_at_worker_side() -> Iterator[Finding]:
    """Codecs, models, voices: tried in a process of their own, since the site loads none of that."""
    command = [sys.executable, "-m", "worker.doctor", settings.ENGINE_DEVICE]
    command += [str(settings.VOICE_DIR), str(settings.CREDENTIALS_DIR), str(settings.WHISPER_DIR)]
    try:
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=WORKER_DOCTOR_MAX_S
        )
        rows: list[dict[str, Any]] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError, OSError) as error:
        fix = "Run `python -m worker.doctor` to see what it says."
        yield broken("engine", f"could not be tried: {type(error).__name__}", fix)
        return
    for row in rows:
        yield Finding(str(row["name"]), bool(row["ok"]), str(row["found"]), str(row["fix"]))


LOOKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    look_at_settings,
    look_at_database,
    look_at_redis,
    look_at_disk,
    look_at_storage,
    look_at_mail,
    look_at_worker_side,
)


def diagnose() -> Iterator[Finding]:
    for look in LOOKS:
        yield from look()
