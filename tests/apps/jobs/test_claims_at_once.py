"""Many workers, one job: on a real PostgreSQL and on SQLite, exactly one gets it."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[3]
SETUP = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "apps.config.settings"
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from apps.accounts.models import User
from apps.jobs.models import Job
user = User.objects.create_user("alice@example.com", "x")
for _ in range(40):
    Job.objects.create(owner=user, kind="preflight")
"""
CLAIM_ALL = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "apps.config.settings"
import django
django.setup()
from apps.jobs.models import Job
won = sum(Job.claim(pk) is not None for pk in Job.objects.order_by("id").values_list("pk", flat=True))
sys.stdout.write(str(won))
"""


def run(script: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPO, env=environment, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_four_processes_that_claim_the_same_forty_jobs_get_forty_together(database, tmp_path, request, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ENV_FILE", "/dev/null")
    if database == "postgres":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_url"))
    environment = dict(os.environ)
    run(SETUP, environment)
    with ThreadPoolExecutor(4) as pool:
        won = [int(text) for text in pool.map(lambda _: run(CLAIM_ALL, environment), range(4))]
    assert sum(won) == 40
