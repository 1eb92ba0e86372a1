"""kill -9 at every point between the hold and its settlement: what is left, the reaper puts right, and nobody pays
twice or for nothing.

Each case is a process of its own that kills itself at exactly one point; the rows are looked at by another.
"""

import shutil
import signal
import subprocess
import sys

import pytest

from tests.servers import running_redis
from tests.worker.stage import DATABASE, PORTRAIT, REPO, SETUP, Stage

pytestmark = pytest.mark.timeout(240)

PREPARED = """
from apps.credits import services as credits
from apps.projects.models import Project
credits.grant(user, 100, pool="pack", key="pack")
key = default_storage.save("files/voice.wav", ContentFile(b"a voice"))
voice = Asset.objects.create(owner=user, kind="voice", state="ready", storage_key=key, content_type="audio/wav",
                             duration_s=5.0)
attest(voice, "own")
portrait.width_px = portrait.height_px = 800
portrait.preflight = {"faces": [{"index": 0, "usable": True, "problem": None}]}
portrait.save()
project = Project.objects.create(owner=user, title="Hello", portrait=portrait, voice=voice, voice_source="audio")
sys.stdout.write("1")
"""
# What a worker or the web process does; DIE(module, name, when) makes it kill itself there.
DOES = """
import signal
from apps.credits import services as credits
from apps.jobs import exports, paying, queue, reaper
from apps.projects.models import Project
from django.db import transaction

def DIE(place, name, *, when):
    real = getattr(place, name)
    def dies(*arguments, **options):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(place, name, dies)

def order():
    project = Project.objects.get()
    return exports.order_export(user, exports.quote_export(user, project, exports.ExportChoice()))

def work():
    from pathlib import Path
    from worker.making import RunnerOptions
    from worker.runner import JobRunner
    folder = Path(os.environ["DATA_DIR"])
    (folder / "work").mkdir(exist_ok=True)
    runner = JobRunner(ENGINE(), RunnerOptions(folder, folder / "work", folder / "voices"))
    runner.run(str(Job.objects.get().pk))

from tests.worker.test_runner import QuickEngine as ENGINE
"""
STATE = """
from apps.credits import services as credits
from apps.credits.models import Hold, Movement
from apps.credits.recount import differences
job = Job.objects.filter(kind="export").first()
balance = credits.balance_of(user)
assert list(differences()) == []
readable = Asset.objects.filter(kind="output", state="ready").count()
sys.stdout.write(json.dumps([job.state if job else None, balance.available_credits, balance.held_credits,
                             Hold.objects.count(), Movement.objects.exclude(settles=None).count(), readable]))
"""
# The clock's round a minute later, with a worker there or not.
LATER = """
import datetime
from django.utils import timezone
from django.db.models import F
Job.objects.update(queued_at=F("queued_at") - datetime.timedelta(minutes=2))
Job.objects.filter(state="running").update(heartbeat_at=timezone.now() - datetime.timedelta(minutes=1))
reaper.reap()
"""
NOTHING_ORDERED = [None, 100, 0, 0, 0, 0]
WAITING = ["queued", 95, 5, 1, 0, 0]
RUNNING = ["running", 95, 5, 1, 0, 0]
DONE = ["succeeded", 99, 0, 1, 1, 1]  # it turned out one second long, of five that were reserved


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A folder in which somebody with credits has a project; made once."""
    with running_redis() as url:
        stage = Stage(tmp_path_factory.mktemp("ready"), url)
        stage.python(PORTRAIT + PREPARED)
        yield stage.data_dir, url


@pytest.fixture
def stage(ready, tmp_path):
    folder, url = ready
    shutil.copytree(folder / "media", tmp_path / "media")
    made = Stage(tmp_path, url, template=folder / DATABASE)
    yield made
    made.close()


def killed(stage: Stage, code: str) -> None:
    """Run a piece of Python that has to kill itself."""
    done = subprocess.run(
        [sys.executable, "-c", SETUP + DOES + code], cwd=REPO, env=stage.environment, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]


def then(stage: Stage, code: str = "") -> list:
    """What is left after a piece of Python that another process runs."""
    return stage.python(f"{DOES}\n{code}\n{STATE}")


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("import apps.jobs.services as s; DIE(s, 'hold_in', when='before')", NOTHING_ORDERED),
        ("import apps.jobs.services as s; DIE(s, 'hold_in', when='after')", NOTHING_ORDERED),
        ("DIE(Job, 'save', when='after')", NOTHING_ORDERED),
        ("DIE(queue, 'send', when='before')", WAITING),
        ("DIE(queue, 'send', when='after')", WAITING),
    ],
    ids=["before the hold", "after the hold", "before the commit", "before the wake-up", "after the wake-up"],
)
def test_a_site_killed_while_ordering_leaves_both_the_hold_and_the_job_or_neither(stage, point, left):
    killed(stage, f"{point}\norder()")
    assert then(stage) == left
    again = LATER if left is WAITING else "order()"
    assert then(stage, f"{again}\nwork()") == DONE


@pytest.mark.parametrize(
    "point",
    [
        "DIE(Job, 'claim', when='after')",
        "DIE(ENGINE, 'call', when='before')",
        "DIE(ENGINE, 'call', when='after')",
        "import worker.making as m; DIE(m, 'store_output', when='after')",
        "import worker.runner as r; DIE(r.JobRunner, '_settle_success', when='before')",
        "import apps.jobs.models as m; DIE(m, 'settle_hold', when='before')",
        "DIE(credits, 'capture', when='after')",
        "import worker.runner as r; DIE(r, 'publish', when='after')",
    ],
    ids=[
        "claimed",
        "before rendering",
        "rendered",
        "the video stored",
        "before settling",
        "the job ended",
        "captured",
        "half published",
    ],
)
def test_a_worker_killed_before_the_settlement_is_whole_takes_nothing_and_the_next_one_takes_it_once(stage, point):
    killed(stage, f"order()\n{point}\nwork()")
    assert then(stage) == RUNNING
    assert then(stage, f"{LATER}\nassert Job.objects.get().state == 'queued'\nwork()") == DONE


def test_a_worker_killed_twice_costs_nothing(stage):
    killed(stage, "order()\nDIE(ENGINE, 'call', when='after')\nwork()")
    killed(stage, f"{LATER}\nDIE(ENGINE, 'call', when='after')\nwork()")
    assert then(stage, LATER) == ["failed", 100, 0, 1, 1, 0]


def test_a_worker_killed_right_after_the_settlement_has_been_paid_once(stage):
    killed(stage, "order()\nimport worker.runner as r; DIE(r, 'after_settling', when='before')\nwork()")
    assert then(stage) == DONE
    assert then(stage, f"{LATER}\nwork()") == DONE


FAILS = """
from worker.engine.failures import EngineFailure, FailureCode
def fail(*_, **__):
    raise EngineFailure(FailureCode.NO_FACE)
ENGINE.call = fail
"""
GIVEN_BACK = ["failed", 100, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("DIE(credits, 'release', when='before')", RUNNING),
        ("DIE(credits, 'release', when='after')", RUNNING),
        ("import worker.runner as r; DIE(r, 'after_settling', when='before')", GIVEN_BACK),
    ],
    ids=["before the release", "released", "after the settlement"],
)
def test_a_worker_killed_while_a_failure_is_settled_gives_everything_back_in_the_end(stage, point, left):
    killed(stage, f"order()\n{FAILS}\n{point}\nwork()")
    assert then(stage) == left
    assert then(stage, f"{LATER}\n{FAILS}\nwork()") == GIVEN_BACK


def test_a_clock_killed_while_it_gives_credits_back_does_it_in_its_next_round(stage):
    killed(stage, "order()\nJob.objects.update(attempt=1)\nDIE(ENGINE, 'call', when='before')\nwork()")
    killed(stage, f"DIE(credits, 'release', when='after')\n{LATER}")
    assert then(stage) == RUNNING
    assert then(stage, LATER) == GIVEN_BACK


def test_a_cancel_whose_process_is_killed_is_settled_by_the_clock(stage):
    cancel = "from apps.jobs import services\nDIE(credits, 'release', when='after')\nservices.cancel(Job.objects.get())"
    killed(stage, f"order()\n{cancel}")
    assert then(stage, LATER) == ["cancelled", 100, 0, 1, 1, 0]
