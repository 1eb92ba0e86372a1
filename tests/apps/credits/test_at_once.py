"""Many at the same moment, on a real PostgreSQL and on SQLite: nobody spends what somebody else holds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[3]
HEAD = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "apps.config.settings"
import django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from django.db import OperationalError, connection
from apps.accounts.models import User
from apps.core.failures import SiteFailure
from apps.credits import services
from apps.credits.models import Hold, Movement
from apps.credits.recount import differences

def together(work, count):
    def one(number):
        for attempt in range(50):
            try:
                return work(number)
            except SiteFailure as failure:
                return failure.code
            except OperationalError:  # SQLite lets writers wait five seconds, then says so
                continue
            finally:
                connection.close()
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))

def report(*facts):
    assert list(differences()) == [], list(differences())
    sys.stdout.write(",".join(str(fact) for fact in facts))
"""
SETUP = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
user = User.objects.create_user("alice@example.com", "x")
services.grant(user, 40, pool="pack", key="pack")
services.grant(user, 60, pool="monthly", key="month")
"""
HOLDS = """
user = User.objects.get()
results = together(lambda n: services.hold(user, 10, key=f"job:{n}") and "held", 50)
report(results.count("held"), results.count("credits_short"), services.balance_of(user).available_credits)
"""
SETTLEMENTS = """
user, held = User.objects.get(), list(Hold.objects.order_by("key"))
def settle(n):
    hold = held[n % 10]
    return services.capture(hold, 7).reason if n < 25 else services.release(hold).reason
results = together(settle, 50)
settled = Movement.objects.exclude(settles=None)
captured = sum(settled.values_list("spent_credits", flat=True))
balance = services.balance_of(user)
report(settled.count(), balance.held_credits, balance.available_credits + captured)
"""
ORDERS = """
from apps.jobs import queue
from apps.jobs.models import Job
from apps.jobs.exports import ExportChoice, order_export, quote_export
from apps.projects.models import Project
from apps.trust.attestations import attest
from apps.uploads.models import Asset
queue.enqueue = lambda *_: None
user = User.objects.create_user("carol@example.com", "x")
services.grant(user, 100, pool="pack", key="pack")
faces = {"faces": [{"index": 0, "usable": True, "problem": None}]}
portrait = Asset.objects.create(owner=user, kind="portrait", state="ready", storage_key="p", content_type="image/png",
                                width_px=900, height_px=900, preflight=faces)
voice = Asset.objects.create(owner=user, kind="voice", state="ready", storage_key="v", content_type="audio/wav",
                             duration_s=10.0)
attest(portrait, "own")
attest(voice, "own")
project = Project.objects.create(owner=user, portrait=portrait, voice=voice, voice_source="audio")
quotes = [quote_export(user, project, ExportChoice()) for _ in range(50)]
results = together(lambda n: order_export(user, quotes[n]).state, 50)
jobs = Job.objects.filter(kind="export")
report(results.count("queued"), results.count("credits_short"), jobs.count(), jobs.exclude(hold=None).count(),
       Hold.objects.filter(account__owner=user).count(), services.balance_of(user).available_credits)
"""
SAME_QUOTE = """
from apps.jobs import queue
from apps.jobs.models import Job
from apps.jobs.exports import ExportChoice, order_export, quote_export
from apps.projects.models import Project
queue.enqueue = lambda *_: None
user = User.objects.get(email="carol@example.com")
services.grant(user, 100, pool="pack", key="another")
quote = quote_export(user, Project.objects.get(), ExportChoice())
results = together(lambda n: str(order_export(user, quote).pk), 20)
report(len(set(results)), services.balance_of(user).available_credits)
"""
SAME_KEY = """
user = User.objects.create_user("bob@example.com", "x")
results = together(lambda n: services.grant(user, 30, pool="grant", key="welcome").pk, 20)
report(len(set(results)), services.balance_of(user).available_credits)
"""


def run(script: str) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", HEAD + script],
        cwd=REPO,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [int(fact) for fact in done.stdout.split(",") if fact]


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_fifty_orders_at_once_against_credits_for_ten_hold_exactly_ten(database, tmp_path, request, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ENV_FILE", os.devnull)
    if database == "postgres":
        monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgres_url"))
    run(SETUP)
    assert run(HOLDS) == [10, 40, 0]
    assert run(SETTLEMENTS) == [10, 0, 100]
    assert run(SAME_KEY) == [1, 30]
    monkeypatch.setenv("CONCURRENT_JOBS_MAX", "100")
    assert run(ORDERS) == [10, 40, 10, 10, 10, 0]
    assert run(SAME_QUOTE) == [1, 90]
