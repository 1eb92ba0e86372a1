"""One job's life in the runner, with a quick engine in the same process."""

import errno
import json
import uuid

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.jobs.models import Job
from apps.uploads.models import Asset
from apps.uploads.pictures import preview_of
from apps.uploads.services import delete_asset
from tests.worker import fake_operations as fake
from worker.engine.failures import EngineFailure, FailureCode
from worker.making import RunnerOptions
from worker.runner import JobRunner

pytestmark = pytest.mark.django_db(transaction=True)


class QuickEngine:
    """Does what the fake operations do, without a process; `before` happens when a call begins."""

    def __init__(self, before=lambda: None) -> None:
        self.before = before
        self.orders: list[object] = []

    def call(self, operation, request, hooks, *, label=""):
        self.orders.append(request)
        self.before()
        return fake.OPERATIONS[operation](request, hooks)


@pytest.fixture
def portrait(alice) -> Asset:
    key = default_storage.save("files/portrait.png", ContentFile(b"a face"))
    return Asset.objects.create(owner=alice, kind="portrait", state="ready", storage_key=key, content_type="image/png")


@pytest.fixture
def make_job(alice, portrait):
    def make(kind="talking_photo", **fields) -> Job:
        order = {"portrait_asset": str(portrait.pk), "voice_asset": str(portrait.pk), "seed": fake.QUICK}
        return Job.objects.create(owner=alice, kind=kind, request=order | fields.pop("request", {}), **fields)

    return make


@pytest.fixture
def make_runner(tmp_path):
    def make(engine=None, **options) -> JobRunner:
        (tmp_path / "work").mkdir(exist_ok=True)
        places = {"data_dir": tmp_path, "work_dir": tmp_path / "work", "voice_dir": tmp_path / "voices"}
        return JobRunner(engine or QuickEngine(), RunnerOptions(**places, **options))

    return make


def run(runner: JobRunner, job: Job) -> Job:
    runner.run(str(job.pk))
    job.refresh_from_db()
    return job


def files() -> set[str]:
    keys = set(Asset.objects.values_list("storage_key", flat=True))
    assert all(default_storage.exists(key) for key in keys)
    return keys


def test_the_order_becomes_a_request_of_the_engine(make_runner, make_job, tmp_path):
    engine = QuickEngine()
    request = {"face": {"point": [10, 20]}, "aspect": "9:16", "style": "still", "fps": "30000/1001", "seed": 0}
    request |= {"max_short_side_px": 720, "max_duration_s": 60, "label_corner": "top-right"}
    run(make_runner(engine, device="cpu"), make_job(request=request))
    (order,) = engine.orders
    made = order.request
    assert (made.face.point, made.aspect.value, made.style.value) == ((10.0, 20.0), "9:16", "still")
    assert (made.frame_rate.numerator, made.frame_rate.denominator) == (30000, 1001)
    assert (made.max_short_side_px, made.max_duration_s, made.device, made.script) == (720, 60.0, "cpu", None)
    assert (order.watermark, order.label_corner) == (True, "top-right")
    assert list((tmp_path / "work").iterdir()) == []


def test_a_script_is_passed_on_when_there_is_no_recording(make_runner, make_job):
    engine = QuickEngine()
    script = {"text": "Hello", "voice": "en-us", "rate": 1.5, "pitch": 0.9}
    run(make_runner(engine), make_job(request={"voice_asset": None, "script": script}))
    made = engine.orders[0].request
    assert made.audio_path is None
    assert (made.script.text, made.script.voice, made.script.rate, made.script.pitch) == ("Hello", "en-us", 1.5, 0.9)


def test_the_same_message_twice_runs_the_job_once(make_runner, make_job):
    engine = QuickEngine()
    runner, job = make_runner(engine), make_job()
    run(runner, job)
    run(runner, job)
    assert len(engine.orders) == 1


def test_a_message_for_a_job_that_is_gone_does_nothing(make_runner):
    make_runner().run(str(uuid.uuid4()))


def test_a_file_that_was_deleted_since_the_order_is_named(make_runner, make_job, portrait):
    job = make_job()
    Asset.objects.all().delete()
    assert run(make_runner(), job).failure_code == "file_missing"


def test_another_persons_file_is_never_fetched(make_runner, make_job, portrait, charlie):
    Asset.objects.filter(pk=portrait.pk).update(owner=charlie)
    assert run(make_runner(), make_job()).failure_code == "file_missing"


def test_a_full_disk_while_storing_fails_that_job_with_its_reason_and_nothing_else(make_runner, make_job, monkeypatch):
    before = files()
    runner, real_save, stored = make_runner(), default_storage.save, []

    def save_until_full(name, content, **options):
        if stored:
            raise OSError(errno.ENOSPC, "No space left on device")
        stored.append(name)
        return real_save(name, content, **options)

    monkeypatch.setattr(default_storage, "save", save_until_full)  # the video fits, its poster does not
    job = run(runner, make_job())
    assert (job.state, job.failure_code, job.output, job.attempt) == ("failed", "disk_full", None, 1)
    assert files() == before
    monkeypatch.undo()
    assert run(runner, make_job()).state == "succeeded"


def test_a_nearly_full_disk_refuses_new_work_before_it_starts(make_runner, make_job):
    engine = QuickEngine()
    job = run(make_runner(engine, free_bytes_min=2**60), make_job())
    assert (job.state, job.failure_code) == ("failed", "disk_full")
    assert engine.orders == []


def test_a_worker_that_lost_its_lease_throws_away_what_it_made(make_runner, make_job):
    before, job = files(), make_job()
    heir = uuid.uuid4()
    engine = QuickEngine(before=lambda: Job.objects.filter(pk=job.pk).update(lease_token=heir))
    run(make_runner(engine), job)
    assert (job.state, job.lease_token, job.output) == ("running", heir, None)
    assert files() == before


def test_a_job_that_is_deleted_meanwhile_leaves_nothing_behind(make_runner, make_job):
    before, job = files(), make_job()
    engine = QuickEngine(before=lambda: Job.objects.filter(pk=job.pk).delete())
    make_runner(engine).run(str(job.pk))
    assert not Job.objects.exists()
    assert files() == before


@pytest.mark.parametrize("code", [FailureCode.ENGINE_CRASHED, FailureCode.TIMED_OUT, FailureCode.OUT_OF_MEMORY])
def test_bad_luck_is_tried_once_more(make_runner, make_job, code):
    def fail():
        raise EngineFailure(code)

    runner, job = make_runner(QuickEngine(before=fail)), make_job()
    assert (run(runner, job).state, job.attempt) == ("queued", 1)
    assert (run(runner, job).state, job.attempt, job.failure_code) == ("failed", 2, code.value)


@pytest.mark.parametrize("code", [FailureCode.NO_FACE, FailureCode.NO_SPEECH, FailureCode.ENCODER_FAILED])
def test_what_would_only_happen_again_is_not_tried_again(make_runner, make_job, code):
    def fail():
        raise EngineFailure(code, at_s=2.5, facts=1)

    job = run(make_runner(QuickEngine(before=fail)), make_job())
    assert (job.state, job.attempt, job.failure_code) == ("failed", 1, code.value)
    assert (job.failure_at_s, job.failure_detail) == (2.5, {"facts": 1})


def test_an_order_that_makes_no_sense_fails_and_the_worker_goes_on(make_runner, make_job):
    runner = make_runner()
    for nonsense in ({"fps": "fast"}, {"aspect": "7:3"}, {"face": {"point": [1]}}, {"seed": "x"}):
        job = run(runner, make_job(request=nonsense))
        assert (job.state, job.failure_code) == ("failed", "internal")
    assert run(runner, make_job()).state == "succeeded"


def test_preflight_makes_a_file_ready_or_refuses_it_with_the_reason(make_runner, make_job, portrait):
    Asset.objects.filter(pk=portrait.pk).update(state="checking")
    assert run(make_runner(), make_job("preflight", asset=portrait)).state == "succeeded"
    portrait.refresh_from_db()
    assert (portrait.state, portrait.preflight) == ("ready", {"kind": "portrait", "size": 6})
    key = default_storage.save("files/bad.png", ContentFile(b"bad picture"))
    bad = Asset.objects.create(
        owner=portrait.owner, kind="portrait", state="checking", storage_key=key, content_type="image/png"
    )
    assert run(make_runner(), make_job("preflight", asset=bad)).failure_code == "no_face"
    bad.refresh_from_db()
    assert (bad.state, bad.failure_code) == ("refused", "no_face")


def test_a_runner_that_is_asked_to_end_takes_nothing_new(make_runner, make_job):
    runner, job = make_runner(), make_job()
    runner.stop()
    assert (run(runner, job).state, job.attempt) == ("queued", 0)


def test_voices_are_written_whole_and_only_when_they_change(make_runner, tmp_path):
    runner, path = make_runner(), tmp_path / "voices.json"
    runner.refresh_voices()
    assert json.loads(path.read_text())[0]["id"] == "test"
    written_at = path.stat().st_mtime_ns
    runner.refresh_voices()
    assert path.stat().st_mtime_ns == written_at
    assert [each.name for each in tmp_path.glob("voices*")] == ["voices.json"]


def test_a_portrait_that_browsers_cannot_show_gets_a_preview_that_goes_with_it(make_runner, make_job, portrait):
    Asset.objects.filter(pk=portrait.pk).update(state="checking", content_type="image/heic")
    assert run(make_runner(), make_job("preflight", asset=portrait)).state == "succeeded"
    portrait.refresh_from_db()
    preview = preview_of(portrait)
    assert (preview.parent_id, preview.owner_id, preview.content_type) == (portrait.pk, portrait.owner_id, "image/jpeg")
    assert preview.storage_key in files()
    delete_asset(portrait)
    assert not default_storage.exists(preview.storage_key)


def test_a_preview_of_an_attempt_that_lost_its_lease_is_thrown_away(make_runner, make_job, portrait):
    Asset.objects.filter(pk=portrait.pk).update(state="checking", content_type="image/heic")
    job = make_job("preflight", asset=portrait)
    engine = QuickEngine(before=lambda: Job.objects.filter(pk=job.pk).update(lease_token=uuid.uuid4()))
    run(make_runner(engine), job)
    assert not Asset.objects.filter(parent=portrait).exists()


def test_a_render_is_told_its_id_its_inputs_and_where_the_certificate_is(make_runner, make_job, portrait, tmp_path):
    engine = QuickEngine()
    Asset.objects.filter(pk=portrait.pk).update(sha256="ab" * 32)
    job = run(make_runner(engine, credentials_dir=tmp_path / "credentials"), make_job())
    (order,) = engine.orders
    assert order.render_id == job.pk.hex[:12]
    assert order.credentials_dir == tmp_path / "credentials"
    assert [(one.part, one.media_type, one.sha256) for one in order.inputs] == [
        ("portrait", "image/png", "ab" * 32),
        ("voice", "image/png", "ab" * 32),
    ]


def test_a_track_is_kept_with_the_sound_of_its_script(make_runner, make_job):
    script = {"text": "Hello", "voice": "en-us"}
    job = run(make_runner(), make_job(kind="track", request={"voice_asset": None, "script": script, "fps": "30"}))
    assert (job.state, job.output.content_type) == ("succeeded", "application/json")
    assert job.result["words"] == [["Hello", 0.1, 0.4]]
    sound = Asset.objects.get(pk=job.result["sound_asset"])
    assert (sound.parent, sound.content_type) == (job.output, "audio/wav")
    delete_asset(job.output)
    assert not Asset.objects.filter(pk=sound.pk).exists()


@pytest.mark.parametrize("clean", [True, False])
def test_a_render_hears_the_part_of_the_recording_that_is_wanted(clean, make_runner, make_job):
    engine = QuickEngine()
    job = run(make_runner(engine), make_job(request={"voice_care": {"start_s": 1, "end_s": 2, "clean": clean}}))
    order = next(one for one in engine.orders if hasattr(one, "request"))
    assert order.request.audio_path.name == "recording.wav"
    assert job.result["warnings"] == (["no_pause_to_learn_noise"] if clean else [])


def test_a_track_of_a_part_of_a_recording_comes_with_its_sound(make_runner, make_job, portrait):
    request = {"voice_asset": str(portrait.pk), "voice_care": {"start_s": 1, "end_s": 2, "clean": False}}
    job = run(make_runner(), make_job(kind="track", request=request))
    assert Asset.objects.get(pk=job.result["sound_asset"]).content_type == "audio/wav"


def test_a_still_becomes_the_picture_of_its_render(make_runner, make_job, portrait):
    render = run(make_runner(), make_job())
    request = {"video_asset": str(render.output_id), "at_s": 0.5, "render": str(render.pk)}
    job = run(make_runner(), make_job(kind="still", request=request))
    render.refresh_from_db()
    assert render.thumbnail == job.output
    assert (job.output.parent_id, job.output.height_px, job.result) == (render.output_id, 900, {"at_s": 0.5})


def test_a_thumbnail_becomes_the_picture_of_its_project(make_runner, make_job, portrait):
    render = run(make_runner(), make_job())
    request = {"do": "propose", "video_asset": str(render.output_id), "render": str(render.pk)}
    strip = run(make_runner(), make_job(kind="thumbnail", request=request))
    assert [moment["at_s"] for moment in strip.result["moments"]] == [0.5, 1.5]
    wish = {"at_s": 0.5, "shape": "1:1", "text": "Hi", "font": "clean", "colour": "mint", "position": "top"}
    made = run(make_runner(), make_job(kind="thumbnail", request=request | wish | {"do": "make", "format": "png"}))
    assert (made.output.kind, made.output.content_type, made.output.parent_id) == (
        "thumbnail", "image/png", render.output_id,
    )  # fmt: skip
    assert strip.output.kind == "derived"
    render.refresh_from_db()
    assert render.thumbnail != made.output, "a player starts with the first frame, so that nothing jumps"


def test_what_was_changed_about_the_mouth_goes_along(make_runner, make_job):
    engine = QuickEngine()
    edits = [{"kind": "close", "start_s": 0.1, "end_s": 0.4}]
    run(make_runner(engine), make_job(request={"mouth_edits": edits}))
    assert engine.orders[0].mouth_edits == tuple(edits)


def test_a_preview_is_kept_as_something_passing_with_a_mark_of_its_own(make_runner, make_job, tmp_path):
    engine = QuickEngine()
    request = {"film": "talking_photo", "moment": "first", "watermark": True}
    job = run(make_runner(engine, segments_dir=tmp_path / "segments"), make_job(kind="preview", request=request))
    assert (job.state, job.output.kind, job.output.content_type) == ("succeeded", "derived", "video/mp4")
    (order,) = engine.orders
    assert (order.watermark, order.fragments, order.segments_dir, order.render_id) == (
        True, True, None, job.pk.hex[:12],
    )  # fmt: skip


def test_a_frame_of_a_photo_is_kept_as_a_marked_picture_that_passes(make_runner, make_job):
    engine = QuickEngine()
    request = {"film": "talking_photo", "at_s": None, "watermark": True, "max_short_side_px": 540}
    job = run(make_runner(engine), make_job(kind="preview", request=request))
    assert (job.state, job.output.kind, job.output.content_type) == ("succeeded", "derived", "image/jpeg")
    assert job.result == {"at_s": 1.96, "length_s": 4.0, "reason": "open"}
    assert job.thumbnail is None and job.output.width_px == 540
    (order,) = engine.orders
    assert (order.at_s, order.render.watermark, order.render.request.max_short_side_px) == (None, True, 540)
