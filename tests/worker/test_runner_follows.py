"""A new clip is followed frame by frame while nobody waits for a video."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.jobs.followed import follow
from apps.jobs.models import Job
from apps.uploads.models import Asset
from apps.uploads.services import delete_asset
from tests.worker.test_runner import QuickEngine, make_runner, run  # noqa: F401 (a fixture)
from worker import making

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clip(alice) -> Asset:
    key = default_storage.save("files/clip.mp4", ContentFile(b"a clip"))
    return Asset.objects.create(owner=alice, kind="clip", state="checking", storage_key=key, content_type="video/mp4")


class Estimates(QuickEngine):
    """First looks at clips are estimates."""

    def call(self, operation, request, hooks, *, label=""):
        found = super().call(operation, request, hooks, label=label)
        return found | {"estimated": True, "people": []} if operation == "preflight" else found


@pytest.fixture
def followed(alice, clip, make_runner, tmp_path):  # noqa: F811
    """The runner, and the order that the first look at the clip left."""
    runner = make_runner(Estimates(), clips_dir=tmp_path / "clips")
    assert run(runner, Job.objects.create(owner=alice, kind="preflight", asset=clip)).state == "succeeded"
    clip.refresh_from_db()
    return runner, Job.objects.get(kind="follow", asset=clip)


def test_what_the_first_look_estimated_is_corrected(followed, clip):
    runner, job = followed
    assert (clip.state, clip.preflight["estimated"]) == ("ready", True)
    assert follow(clip) == job  # ordered once
    assert run(runner, job).state == "succeeded"
    clip.refresh_from_db()
    assert clip.preflight == {"kind": "clip", "size": 6, "estimated": False, "frames": 6, "people": []}
    assert follow(clip) is None


def test_it_gives_way_to_whoever_waits_for_a_video_of_something_else(followed, clip, alice, monkeypatch):
    runner, job = followed
    monkeypatch.setattr(making, "GIVE_WAY_INTERVAL_S", -1.0)
    of_it = Job.objects.create(owner=alice, kind="video_dub", request={"clip_asset": str(clip.pk)})
    other = Job.objects.create(owner=alice, kind="talking_photo", request={})
    assert (run(runner, job).state, job.attempt) == ("queued", 0)
    clip.refresh_from_db()
    assert clip.preflight["estimated"]
    other.delete()
    preview = Job.objects.create(owner=alice, kind="preview", state="running", request=of_it.request)
    assert (run(runner, job).state, job.attempt) == ("queued", 0)  # it looks for itself, and keeps what it sees
    preview.delete()
    assert run(runner, job).state == "succeeded"  # the dub of this clip needs just that
    assert of_it.state == "queued"


def test_a_clip_that_is_deleted_meanwhile_takes_the_look_along(followed, clip):
    runner, job = followed
    delete_asset(clip)  # nobody has to wait for it
    assert not Job.objects.filter(pk=job.pk).exists()
    runner.run(str(job.pk))
    assert not Asset.objects.exists()
