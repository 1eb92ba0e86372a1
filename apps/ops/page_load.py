"""How quickly the running site answers many people at once. Makes accounts of its own, and takes them away again."""

import http.client
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from apps.accounts.models import User
from apps.jobs.models import Job
from apps.projects.models import Project
from apps.uploads.models import Asset

PROJECTS_EACH = 24  # a full page of the library
TIMEOUT_S = 30


@dataclass(frozen=True)
class Load:
    """`users` people at once, each opening `path` again after a pause of `pause_s` on average, for `seconds`."""

    users: int = 20
    seconds: float = 15.0
    pause_s: float = 1.0
    path: str = "/library/"


@dataclass
class Measured:
    """How long each answer took, how many were no answer, and the site's own CPU time."""

    waits_ms: list[float] = field(default_factory=list)
    failures: int = 0
    cpu_s: float | None = None

    def quantile_ms(self, share: float) -> float:
        """The time that this share of the answers stayed below."""
        ordered = sorted(self.waits_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")

    @property
    def cpu_ms_each(self) -> float | None:
        return None if self.cpu_s is None or not self.waits_ms else 1000 * self.cpu_s / len(self.waits_ms)


def measure(load: Load) -> Measured:
    """Put the load on the site that runs with the same settings as this process."""
    measured, lock, until = Measured(), threading.Lock(), 0.0

    def visit(cookie: str, chance: random.Random) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", settings.PORT, timeout=TIMEOUT_S)
        time.sleep(chance.random() * max(load.pause_s, 0.2))
        while time.monotonic() < until:
            started_at = time.perf_counter()
            ok = _open(connection, load.path, cookie)
            waited_ms = 1000 * (time.perf_counter() - started_at)
            with lock:
                measured.waits_ms.append(waited_ms)
                measured.failures += not ok
            time.sleep(load.pause_s * 2 * chance.random())
        connection.close()

    with _visitors(load.users) as cookies:
        _open(http.client.HTTPConnection("127.0.0.1", settings.PORT, timeout=TIMEOUT_S), load.path, cookies[0])
        pids = web_pids()
        cpu_before_s = cpu_seconds(pids)
        until = time.monotonic() + load.seconds
        chance = random.Random(1)
        threads = [threading.Thread(target=visit, args=(one, random.Random(chance.random()))) for one in cookies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        measured.cpu_s = cpu_seconds(pids) - cpu_before_s if pids else None
    return measured


def _open(connection: http.client.HTTPConnection, path: str, cookie: str) -> bool:
    try:
        connection.request("GET", path, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"})
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return response.status == 200


@contextmanager
def _visitors(count: int) -> Iterator[list[str]]:
    """Signed-in accounts with a full library each; their session keys."""
    users = [User.objects.create_user(f"visitor-{uuid4().hex}@example.invalid", None) for _ in range(count)]
    try:
        yield [_session_of(user) for user in users if _fill_library(user) is None]
    finally:
        for user in users:
            Asset.objects.filter(owner=user).delete()
            user.delete()


def _fill_library(user: User) -> None:
    def assets(kind: str, content_type: str) -> list[Asset]:
        facts = {"owner": user, "kind": kind, "state": Asset.State.READY, "content_type": content_type}
        made = [Asset(**facts, storage_key=f"measured/{uuid4().hex}", duration_s=9.0) for _ in range(PROJECTS_EACH)]
        return Asset.objects.bulk_create(made)

    portraits = assets(Asset.Kind.PORTRAIT, "image/jpeg")
    videos, posters = assets(Asset.Kind.OUTPUT, "video/mp4"), assets(Asset.Kind.THUMBNAIL, "image/jpeg")
    script = "Hello! I am a still picture, and yet I can speak. " * 8
    made = [Project(owner=user, title=f"Video {n}", portrait=one, script=script) for n, one in enumerate(portraits)]
    done = {"owner": user, "kind": Job.Kind.TALKING_PHOTO, "state": Job.State.SUCCEEDED, "fraction": 1.0}
    results = zip(Project.objects.bulk_create(made), videos, posters, strict=True)
    Job.objects.bulk_create(Job(**done, project=project, output=v, thumbnail=p) for project, v, p in results)


def _session_of(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def web_pids() -> list[int]:
    """The processes that serve this site's pages; none where /proc does not tell."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"apps.config.asgi:application" in words and str(settings.PORT).encode() in words:
            found.append(int(folder.name))
    return found


def cpu_seconds(pids: list[int]) -> float:
    """CPU time that these processes have used so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
