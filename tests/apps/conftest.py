"""People at the site's door, and things of Alice's to ask for."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from apps.jobs.models import Job
from apps.projects.models import Project
from apps.uploads.models import Asset

_NUMBERS = itertools.count()


@pytest.fixture
def nobody_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs stay queued: whether a worker can be woken is the queue's own test."""
    monkeypatch.setattr("apps.jobs.queue.enqueue", lambda *_: None)


@pytest.fixture
def two_voices(settings: Any, tmp_path: Any) -> None:
    """Two voices, as a worker announces them."""
    settings.DATA_DIR = tmp_path
    (tmp_path / "voices.json").write_text(
        '[{"id": "en-us:female", "name": "English, woman", "language": "en-us", "language_name": "English (US)",'
        ' "engine": "espeak-ng", "gender": "female"},'
        ' {"id": "de:male", "name": "German, man", "language": "de", "language_name": "German",'
        ' "engine": "espeak-ng", "gender": "male"}]'
    )


def _door(user: Any) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def owner(alice: Any) -> Client:
    return _door(alice)


@pytest.fixture
def stranger(charlie: Any) -> Client:
    return _door(charlie)


@pytest.fixture
def signed_out() -> Client:
    return _door(None)


@pytest.fixture
def make_asset(alice: Any) -> Callable[..., Asset]:
    """A file's row, as preflight leaves it."""

    def make(**fields: Any) -> Asset:
        kind = fields.get("kind", "portrait")
        found = {"faces": [{"index": 0, "box": [10, 10, 90, 90], "usable": True, "problem": None, "warnings": []}]}
        facts = {
            "owner": alice,
            "kind": kind,
            "state": "ready",
            "storage_key": f"files/{next(_NUMBERS)}",
            "content_type": {"portrait": "image/jpeg", "voice": "audio/wav"}.get(kind, "video/mp4"),
            "preflight": {"problems": [], "warnings": [], **(found if kind == "portrait" else {})},
        }
        return Asset.objects.create(**{**facts, **fields})

    return make


@pytest.fixture
def portrait(make_asset: Callable[..., Asset]) -> Asset:
    return make_asset(width_px=100, height_px=100)


@pytest.fixture
def voice(make_asset: Callable[..., Asset]) -> Asset:
    return make_asset(kind="voice", duration_s=3.0)


@pytest.fixture
def project(alice: Any, portrait: Asset) -> Project:
    """Ready to be rendered."""
    return Project.objects.create(
        owner=alice, title="Hello", portrait=portrait, script="Hello there.", script_voice="en-us:female"
    )


@pytest.fixture
def job(alice: Any, project: Project) -> Job:
    return Job.objects.create(owner=alice, kind=Job.Kind.TALKING_PHOTO, project=project, request={"seed": 1})


@pytest.fixture
def finished_job(job: Job, make_asset: Callable[..., Asset]) -> Job:
    output = make_asset(kind="output", duration_s=2.0, width_px=720, height_px=900)
    thumbnail = make_asset(kind="thumbnail", parent=output)
    Job.objects.filter(pk=job.pk).update(state="succeeded", output=output, thumbnail=thumbnail)
    job.refresh_from_db()
    return job
