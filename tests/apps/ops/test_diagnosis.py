"""`manage.py doctor` names what is broken, in words, and with a way out."""

import json
import subprocess
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError

from apps.jobs.presence import announce
from apps.ops import diagnosis
from apps.ops.management.commands import demo

pytestmark = pytest.mark.django_db


def by_name(findings) -> dict[str, diagnosis.Finding]:
    return {finding.name: finding for finding in findings}


def test_an_embedded_redis_that_is_not_running_is_no_fault(settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    found = by_name(diagnosis.look_at_redis())
    assert found["Redis"].ok is None and "make run" in found["Redis"].found


def test_a_redis_of_the_operators_that_does_not_answer_is(settings):
    settings.REDIS_URL, settings.REDIS_SOCKET = "redis://127.0.0.1:1", None
    found = by_name(diagnosis.look_at_redis())
    assert found["Redis"].ok is False and "REDIS_URL" in found["Redis"].fix


def test_workers_that_are_not_there_are_named(settings, redis_url):
    settings.REDIS_URL, settings.RENDER_WORKERS = redis_url, 2
    announce("interactive-1", pid=1)
    announce("render-2", pid=2)
    found = by_name(diagnosis.look_at_redis())
    assert [found[name].ok for name in ("Redis", "interactive-1", "render-1", "render-2")] == [True, True, False, True]


def test_a_database_that_does_not_answer_is_named(monkeypatch):
    def fail(connection):
        raise DatabaseError("no such server")

    monkeypatch.setattr(diagnosis, "MigrationExecutor", fail)
    (finding,) = diagnosis.look_at_database()
    assert finding.ok is False and "no such server" in finding.found and "DATABASE_URL" in finding.fix


def test_a_disk_that_is_nearly_full_is_named(monkeypatch, settings, tmp_path):
    settings.DATA_DIR = settings.WORK_DIR = tmp_path
    assert all(finding.ok for finding in diagnosis.look_at_disk())
    usage = diagnosis.shutil.disk_usage(tmp_path)._replace(free=5 * 2**20)
    monkeypatch.setattr(diagnosis.shutil, "disk_usage", lambda path: usage)
    findings = list(diagnosis.look_at_disk())
    assert not any(finding.ok for finding in findings) and "5 MB" in findings[0].found


def test_a_storage_that_cannot_be_written_is_named(monkeypatch):
    (finding,) = diagnosis.look_at_storage()
    assert finding.ok

    def full(name, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(diagnosis.default_storage, "save", full)
    (finding,) = diagnosis.look_at_storage()
    assert finding.ok is False and "No space left" in finding.found


def test_an_engine_that_cannot_be_tried_is_named(monkeypatch):
    broken = subprocess.CompletedProcess([], 1, stdout="", stderr="boom")
    monkeypatch.setattr(diagnosis.subprocess, "run", lambda *args, **options: broken)
    (finding,) = diagnosis.look_at_worker_side()
    assert finding.ok is False and finding.name == "engine"


@pytest.mark.parametrize(("ok", "status"), [(True, 0), (None, 0), (False, 1)])
def test_the_command_ends_with_a_status_and_tells_the_way_out(monkeypatch, ok, status):
    finding = diagnosis.Finding("codecs", ok=ok, found="what was found", fix="what to do")
    monkeypatch.setattr("apps.ops.management.commands.doctor.diagnose", lambda: [finding])
    out = StringIO()
    if status:
        with pytest.raises(SystemExit) as caught:
            call_command("doctor", stdout=out, no_color=True)
        assert caught.value.code == 1
    else:
        call_command("doctor", stdout=out, no_color=True)
    assert "codecs: what was found" in out.getvalue()
    assert ("what to do" in out.getvalue()) == (ok is False)


def test_the_demo_explains_a_failure_in_the_catalogues_words(monkeypatch, tmp_path):
    stderr = "some noise\n" + json.dumps({"code": "disk_full", "detail": {}})
    failed = subprocess.CompletedProcess([], 2, stdout="", stderr=stderr)
    monkeypatch.setattr(demo.subprocess, "run", lambda *args, **options: failed)
    with pytest.raises(demo.CommandError, match="Our disk is full"):
        call_command("demo", out=tmp_path / "x.mp4", stdout=StringIO())


def test_the_demo_knows_its_presenters(tmp_path):
    with pytest.raises(demo.CommandError, match="mara"):
        call_command("demo", presenter="nobody", stdout=StringIO())
