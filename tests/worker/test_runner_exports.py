"""Paid exports in the runner: clean, hidden until they are paid, never longer than their price covers."""

import dataclasses

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.brands.services import change_brand
from apps.credits import services as credits
from apps.credits.recount import differences
from apps.jobs.export_facts import CREDENTIALS_TYPE, export_facts
from apps.jobs.exports import ExportChoice, exports_of, order_export, quote_export
from apps.jobs.models import Job
from apps.projects.models import Project
from apps.projects.services import update_project
from apps.uploads.models import Asset
from apps.uploads.services import get_asset_for
from tests.worker import fake_operations as fake
from worker.engine.failures import EngineFailure, FailureCode
from worker.making import RunnerOptions
from worker.runner import JobRunner

pytestmark = pytest.mark.django_db(transaction=True)


class QuickEngine:
    """Does what the fake operations do; `after` may change what was made."""

    def __init__(self, before=lambda: None, after=lambda made, order: made) -> None:
        self.before, self.after = before, after
        self.orders: list = []

    def call(self, operation, request, hooks, *, label=""):
        self.orders.append(request)
        self.before()
        return self.after(fake.OPERATIONS[operation](request, hooks), request)


@pytest.fixture(autouse=True)
def _nobody_is_woken(monkeypatch):
    monkeypatch.setattr("apps.jobs.queue.enqueue", lambda *_: None)


@pytest.fixture
def project(alice) -> Project:
    def stored(kind, name, content_type, **facts):
        key = default_storage.save(f"files/{name}", ContentFile(b"a " + kind.encode()))
        return Asset.objects.create(
            owner=alice, kind=kind, state="ready", storage_key=key, content_type=content_type, **facts
        )

    credits.grant(alice, 50, pool="pack", key="pack")
    face = {"faces": [{"index": 0, "usable": True, "problem": None}]}
    portrait = stored("portrait", "p.png", "image/png", width_px=3000, height_px=3000, preflight=face)
    voice = stored("voice", "v.wav", "audio/wav", duration_s=10.0)
    return Project.objects.create(
        owner=alice, title="Hello", portrait=portrait, voice=voice, voice_source="audio", options={"emotion": "happy"}
    )


@pytest.fixture
def order(project):
    def place(**choice) -> Job:
        return order_export(project.owner, quote_export(project.owner, project, ExportChoice(**choice)))

    return place


@pytest.fixture
def run(tmp_path):
    def run(job, engine=None) -> Job:
        (tmp_path / "work").mkdir(exist_ok=True)
        options = RunnerOptions(data_dir=tmp_path, work_dir=tmp_path / "work", voice_dir=tmp_path / "voices")
        JobRunner(engine or QuickEngine(), options).run(str(job.pk))
        job.refresh_from_db()
        assert list(differences()) == []
        return job

    return run


def left(user) -> tuple[int, int]:
    balance = credits.balance_of(user)
    return balance.available_credits, balance.held_credits


def test_an_export_is_ordered_clean_in_its_size_format_and_length(order, run):
    engine = QuickEngine()
    run(order(preset="hevc", frames_per_second="50"), engine)
    (made,) = engine.orders
    assert (made.watermark, made.label_corner, made.preset) == (False, None, "hevc")
    assert made.render_id is not None
    assert (made.request.max_short_side_px, made.request.max_duration_s) == (2160, 10.1)
    assert (made.request.frame_rate, made.request.emotion.value) == (50, "happy")
    assert not made.request.fragments, "what is not paid yet is not shown while it is made"


def test_cards_around_an_export_cost_nothing(order, run, alice, project):
    change_brand(alice, {"intro_text": "Hello", "outro_text": "Bye", "intro_s": 3})
    update_project(project, {"brand": True, "brand_intro": True, "brand_outro": True})

    def with_cards(made, _):
        return dataclasses.replace(made, duration_s=made.duration_s + 5.0, intro_s=3.0, outro_s=2.0)

    engine = QuickEngine(after=with_cards)
    job = run(order(), engine)
    wanted = engine.orders[0].bookends
    assert (wanted.intro.text, wanted.intro_s, wanted.outro.text, wanted.logo) == ("Hello", 3.0, "Bye", None)
    assert (job.state, job.result["intro_s"], left(alice)) == ("succeeded", 3.0, (48, 0))


def test_the_label_is_burned_in_where_the_creator_places_it(order, run):
    engine = QuickEngine()
    run(order(label_corner="top-right"), engine)
    assert engine.orders[0].label_corner == "top-right"


def test_a_finished_export_is_paid_for_what_was_made_and_only_then_can_be_opened(order, run, alice):
    seen = []

    def look(made, _):
        seen.append(left(alice))
        return made

    job = run(order(), QuickEngine(after=look))
    assert seen == [(30, 20)]
    assert (job.state, left(alice)) == ("succeeded", (48, 0))
    assert {asset.state for asset in (job.output, job.thumbnail)} == {"ready"}
    assert get_asset_for(alice, job.output_id) == job.output
    facts = export_facts(exports_of(job.project)[0])
    assert (facts["charged_credits"], facts["held_credits"], facts["quoted_credits"]) == (2, 0, 20)
    assert facts["download_url"]


def test_what_was_stored_but_never_paid_cannot_be_opened_by_anybody(order, run, alice, monkeypatch):
    monkeypatch.setattr("worker.runner.publish", lambda asset: (_ for _ in ()).throw(RuntimeError("killed")))
    job = order()
    with pytest.raises(RuntimeError):
        run(job)
    assert {asset.state for asset in Asset.objects.filter(kind__in=["output", "thumbnail"])} == {"receiving"}
    assert left(alice) == (30, 20)


@pytest.mark.parametrize("code", [FailureCode.AUDIO_TOO_LONG, FailureCode.CLIP_TOO_LONG])
def test_what_turns_out_longer_than_its_price_is_not_made_and_costs_nothing(order, run, alice, code):
    def too_long():
        raise EngineFailure(code, duration_s=14.0, max_s=10.1)

    job = run(order(), QuickEngine(before=too_long))
    assert (job.state, job.failure_code, left(alice)) == ("failed", "longer_than_quoted", (50, 0))
    failure = export_facts(job)["failure"]
    assert "14 s" in failure["sentence"] and "cost nothing" in failure["next_step"]


def test_an_engine_that_crashes_twice_gives_the_credits_back(order, run, alice):
    def crash():
        raise EngineFailure(FailureCode.ENGINE_CRASHED)

    job = order()
    assert run(job, QuickEngine(before=crash)).state == "queued"
    assert left(alice) == (30, 20)
    assert run(job, QuickEngine(before=crash)).state == "failed"
    assert left(alice) == (50, 0)


def test_a_file_of_another_format_keeps_its_type_and_its_ending(order, run):
    def as_prores(made, request):
        path = made.path.with_suffix(".mov")
        made.path.rename(path)
        return dataclasses.replace(made, path=path)

    job = run(order(preset="prores"), QuickEngine(after=as_prores))
    assert (job.output.content_type, job.output.storage_key[-4:]) == ("video/quicktime", ".mov")
    assert "Hello.mov" in export_facts(job)["download_url"]


def test_a_see_through_video_brings_its_credentials_in_a_file_beside_it(order, run, project, alice):
    project.options = {"background": "transparent"}
    project.save()

    def with_sidecar(made, request):
        path = made.path.with_suffix(".webm")
        if path != made.path:
            made.path.rename(path)
        sidecar = path.with_suffix(".c2pa")
        sidecar.write_bytes(b"a manifest")
        return dataclasses.replace(made, path=path, sidecar_path=sidecar)

    job = run(order(), QuickEngine(after=with_sidecar))
    beside = Asset.objects.get(content_type=CREDENTIALS_TYPE)
    assert (job.output.content_type, beside.parent_id, beside.state) == ("video/webm", job.output_id, "ready")
    assert "Hello.c2pa" in export_facts(job)["credentials_url"]
    job.output.delete()
    assert not Asset.objects.filter(pk=beside.pk).exists()
