"""`manage.py up` with everything real: Redis, site, workers, engine, clock. Killed here and there, it loses nothing."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]
REPO = Path(__file__).resolve().parents[3]
SETUP = """
import os, sys, json
import django
django.setup()
from django.core.files import File
from apps.accounts.models import User
from apps.jobs import services
from apps.jobs.models import Job
from apps.trust.attestations import attest
from apps.uploads.models import Asset
from apps.uploads.services import receive_upload
user, _ = User.objects.get_or_create(email="alice@example.com")
"""
UPLOAD = """
with open("static/presenters/mara.jpg", "rb") as picture:
    asset = receive_upload(user, "portrait", File(picture, name="mara.jpg"), "mara.jpg")
sys.stdout.write(json.dumps(str(Job.objects.get(asset=asset).pk)))
"""
RENDER = """
portrait = Asset.objects.get(kind="portrait")
attest(portrait, "licensed")
script = {{"text": "Hello, it is me. " * {sentences}, "voice": "en-us", "rate": 1.0, "pitch": 1.0}}
order = {{"portrait_asset": str(portrait.pk), "voice_asset": None, "script": script, "max_short_side_px": 256}}
sys.stdout.write(json.dumps(str(services.submit(user, "talking_photo", request=order).pk)))
"""
RESULT = """
job = Job.objects.get(pk={job_id!r})
sys.stdout.write(json.dumps([job.state, job.failure_code, job.attempt, job.result, services.job_message(job)]))
"""


class Site:
    """A whole running product in a folder of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
        self.environment |= {"DATA_DIR": str(data_dir), "PORT": str(self.port), "ENV_FILE": os.devnull}
        self.environment |= {"DJANGO_SETTINGS_MODULE": "apps.config.settings", "INTERACTIVE_THREADS": "1"}
        self.environment.pop("DATABASE_URL", None)
        self.log = data_dir / "up.log"
        self.process: subprocess.Popen | None = None
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=REPO, env=self.environment, check=True)

    def start(self) -> float:
        """Returns the seconds until everything answered."""
        started_at = time.monotonic()
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=REPO,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        ready = f"Lipsmith is ready: http://127.0.0.1:{self.port}"
        self.wait(lambda: ready in self.log.read_text(), within_s=120)
        return time.monotonic() - started_at

    def stop(self) -> float:
        assert self.process is not None
        asked_at = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0
        return time.monotonic() - asked_at

    def wait(self, holds: Callable[[], bool], *, within_s: float) -> None:
        give_up_at = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < give_up_at, f"not in time:\n{self.log.read_text()[-6000:]}"
            time.sleep(0.1)

    def python(self, code: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", SETUP + code], cwd=REPO, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    def wait_until_settled(self, job_id: str, *, within_s: float) -> list[Any]:
        self.wait(lambda: self.state(job_id) in ("succeeded", "failed", "cancelled"), within_s=within_s)
        return self.python(RESULT.format(job_id=job_id))

    def state(self, job_id: str) -> str:
        connection = sqlite3.connect(self.data_dir / "lipsmith.sqlite3", timeout=5)
        try:
            return connection.execute("SELECT state FROM jobs_job WHERE id = ?", (job_id.replace("-", ""),)).fetchone()[
                0
            ]
        finally:
            connection.close()

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def processes(self) -> dict[int, str]:
        """Everything that runs with this data folder, supervisor apart: pid → command line."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                environment = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            # Redis writes its title over its environment, and names its socket there.
            is_ours = f"DATA_DIR={self.data_dir}\0".encode() in environment or str(self.data_dir) in command
            if is_ours and command and "manage.py up" not in command:
                found[int(folder.name)] = command
        return found

    def kill(self, part: str) -> None:
        (pid,) = [pid for pid, command in self.processes().items() if part in command]
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def site():
    data_dir = Path(
        tempfile.mkdtemp(prefix="lipsmith-up-")
    )  # short, since Redis names only a short socket in its title
    made = Site(data_dir)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()
    shutil.rmtree(data_dir, ignore_errors=True)


def test_a_photo_speaks_whatever_is_killed_and_nothing_is_left_behind(site):
    site.start()
    state, code, _, _, _ = site.wait_until_settled(site.python(UPLOAD), within_s=60)
    assert (state, code) == ("succeeded", "")

    job_id = site.python(RENDER.format(sentences=20))  # goes on while other parts die
    site.wait(lambda: site.state(job_id) == "running", within_s=30)
    for part in ("uvicorn", "redis-server", "manage.py clock"):
        site.kill(part)
    state, code, attempt, result, message = site.wait_until_settled(job_id, within_s=120)
    assert (state, code, attempt) == ("succeeded", "", 1), "a render does not notice what dies around it"
    assert result["frame_count"] > 20 and min(result["width_px"], result["height_px"]) <= 256
    site.wait(site.is_healthy, within_s=60)
    with urllib.request.urlopen(f"http://127.0.0.1:{site.port}{message['output_url']}", timeout=10) as answer:
        assert answer.read(12)[4:8] == b"ftyp"

    job_id = site.python(RENDER.format(sentences=30))  # so much speech is not done before it is stopped
    site.wait(lambda: site.state(job_id) == "running", within_s=60)
    took_s = site.stop()
    assert took_s < 15
    assert site.processes() == {}
    assert site.state(job_id) == "queued", "what was running goes back to the queue"

    while_away = site.python(RENDER.format(sentences=1))
    site.start()
    for each in (job_id, while_away):
        assert site.wait_until_settled(each, within_s=120)[:3] == ["succeeded", "", 1]

    site.process.kill()
    site.process.wait()
    site.wait(lambda: site.processes() == {}, within_s=15)
