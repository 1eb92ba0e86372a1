"""A stage for tests with real processes: a data folder with a migrated SQLite, a real Redis, workers, a clock."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DATABASE = "lipsmith.sqlite3"
REPO = Path(__file__).resolve().parents[2]
SETUP = """
import os, sys, json
import django
django.setup()
from django.core.files.base import ContentFile
from apps.accounts.models import User
from apps.jobs import services
from apps.jobs.models import Job
from apps.trust.attestations import attest
from apps.uploads.models import Asset
from django.core.files.storage import default_storage
user, _ = User.objects.get_or_create(email="alice@example.com")
"""
PORTRAIT = """
key = default_storage.save("files/portrait.png", ContentFile(b"a face"))
portrait = Asset.objects.create(owner=user, kind="portrait", state="ready", storage_key=key, content_type="image/png")
attest(portrait, "own")
"""


class Stage:
    """Starts what a test asks for, and ends all of it."""

    def __init__(self, data_dir: Path, redis_url: str, *, template: Path | None = None, **environment: str) -> None:
        self.data_dir = data_dir
        self.environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        self.environment |= {"DATA_DIR": str(data_dir), "REDIS_URL": redis_url, "ENV_FILE": os.devnull}
        self.environment |= {"DJANGO_SETTINGS_MODULE": "apps.config.settings", **environment}
        self.processes: list[subprocess.Popen] = []
        if template is not None:
            shutil.copy(template, data_dir / DATABASE)
        else:
            self.manage("migrate", "-v0")

    def manage(self, *arguments: str) -> None:
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=REPO, env=self.environment, check=True)

    def start(self, *command: str) -> subprocess.Popen:
        log = (self.data_dir / f"{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, *command], cwd=REPO, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        self.processes.append(process)
        return process

    def worker(self, role: str, number: int = 1) -> subprocess.Popen:
        operations = "tests.worker.fake_operations"
        return self.start("-m", "worker.serve", role, "--number", str(number), "--operations", operations)

    def clock(self) -> subprocess.Popen:
        return self.start("manage.py", "clock")

    def python(self, code: str) -> Any:
        """Run a piece of Python on the site and give back the JSON it writes to stdout."""
        done = subprocess.run(
            [sys.executable, "-c", SETUP + code], cwd=REPO, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    def order_render(self, behaviour: int, count: int = 1) -> list[str]:
        order = f'{{"portrait_asset": str(portrait.pk), "voice_asset": str(portrait.pk), "seed": {behaviour}}}'
        return self.python(
            PORTRAIT + f"jobs = [services.submit(user, 'talking_photo', request={order}) for _ in range({count})]\n"
            "sys.stdout.write(json.dumps([str(job.pk) for job in jobs]))"
        )

    def row(self, job_id: str) -> dict[str, Any]:
        """The job's row, read without Django, so that it is quick."""
        connection = sqlite3.connect(self.data_dir / DATABASE, timeout=5)
        connection.row_factory = sqlite3.Row
        try:
            row = connection.execute("SELECT * FROM jobs_job WHERE id = ?", (job_id.replace("-", ""),)).fetchone()
        finally:
            connection.close()
        assert row is not None
        return dict(row)

    def wait_for(self, job_id: str, holds: Callable[[dict[str, Any]], bool], *, within_s: float) -> float:
        """Wait until the row is as wanted; returns the seconds it took."""
        started_at = time.monotonic()
        while time.monotonic() - started_at < within_s:
            if holds(self.row(job_id)):
                return time.monotonic() - started_at
            time.sleep(0.1)
        raise AssertionError(f"not within {within_s} s: {self.row(job_id)}\n{self.logs()}")

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.data_dir.glob("*.log")))

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def is_running(row: dict[str, Any]) -> bool:
    return row["state"] == "running"


def is_settled(row: dict[str, Any]) -> bool:
    return row["state"] in ("succeeded", "failed", "cancelled")
