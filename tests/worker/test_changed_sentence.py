"""From the order to the stored video, with the real engine: one changed sentence is rendered, the rest is not."""

from pathlib import Path

import pytest
import redis
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.jobs import live, progress
from apps.jobs.models import Job
from apps.jobs.segments import own_id
from apps.projects.services import create_project
from apps.uploads.models import Asset
from tests.synth import drawn_portrait, write_image
from worker.making import RunnerOptions
from worker.process.operations import OPERATIONS
from worker.runner import JobRunner

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FIRST, MIDDLE, LAST = "The first one stays.", "This one is going to change.", "The last one stays."
OTHER = "Now the middle says something else."


@pytest.fixture
def live_redis(redis_url, settings):
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    settings.REDIS_URL = redis_url
    yield client
    client.close()


class Engine:
    """The real operations, in this process."""

    def call(self, operation, request, hooks, *, label=""):
        return OPERATIONS[operation](request, hooks)


@pytest.fixture
def portrait(alice, tmp_path) -> Asset:
    picture = write_image(tmp_path / "portrait.png", drawn_portrait(200, 240)).read_bytes()
    key = default_storage.save("files/portrait.png", ContentFile(picture))
    return Asset.objects.create(owner=alice, kind="portrait", state="ready", storage_key=key, content_type="image/png")


@pytest.fixture
def runner(tmp_path, settings):
    settings.SEGMENTS_DIR = tmp_path / "segments"
    (tmp_path / "work").mkdir()
    places = {"data_dir": tmp_path, "work_dir": tmp_path / "work", "voice_dir": tmp_path / "voices"}
    return JobRunner(Engine(), RunnerOptions(**places, segments_dir=tmp_path / "segments"))


@pytest.fixture
def render(alice, portrait, runner):
    def run(project, *sentences, kind="talking_photo", **options) -> Job:
        script = {"text": " ".join(sentences), "voice": "en-us"}
        request = {"portrait_asset": str(portrait.pk), "voice_asset": None, "script": script, "seed": 1}
        request |= {"emotion": "auto", **options}
        job = Job.objects.create(owner=alice, kind=kind, project=project, request=request)
        runner.run(str(job.pk))
        job.refresh_from_db()
        assert job.state == "succeeded", (job.failure_code, job.failure_detail)
        return job

    return run


def counts(job: Job) -> tuple[int, int]:
    return job.result["segments"], job.result["segments_kept"]


def test_only_the_changed_sentence_of_a_project_is_rendered_again(alice, render, live_redis, settings):
    project = create_project(alice)
    before = render(project, FIRST, MIDDLE, LAST)
    after = render(project, FIRST, OTHER, LAST)
    assert (counts(before), counts(after)) == ((3, 0), (3, 2))
    assert after.result["duration_s"] != before.result["duration_s"]
    assert after.result["render_id"] == before.result["render_id"] == own_id(before)
    assert counts(render(create_project(alice), FIRST, LAST)) == (2, 0), "projects share nothing"
    assert len(list(Path(settings.SEGMENTS_DIR).iterdir())) == 2


def test_the_pieces_of_a_render_are_there_while_it_lasts_and_belong_to_its_attempt(alice, render, live_redis):
    job = render(create_project(alice), FIRST, MIDDLE)
    told = progress.latest(job.pk)["live"]
    assert told["codecs"].startswith("avc1.") and told["codecs"].endswith(",mp4a.40.2")
    pieces = live.pieces(job.pk, told["stream"], 0, 999)
    assert len(pieces) > 5
    assert [piece[4:8] for piece in pieces[:2]] == [b"ftyp", b"moof"]
    (key,) = live_redis.scan_iter(match=f"live:{job.pk}:*")
    assert live_redis.ttl(key) <= live.KEEP_AFTER_END_S


def test_a_clean_video_leaves_neither_pieces_nor_segments(alice, render, live_redis, settings):
    render(create_project(alice), FIRST, watermark=False)
    assert list(live_redis.scan_iter(match="live:*")) == []
    assert not Path(settings.SEGMENTS_DIR).exists()
