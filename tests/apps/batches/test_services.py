"""Sets of variants: all or nothing, one payment per picture and sound, and nothing lost when a process dies."""

import pytest

from apps.batches import services
from apps.batches.facts import batch_facts
from apps.batches.models import Batch, Variant
from apps.batches.plans import Choices, plan_batch
from apps.core.failures import SiteFailure
from apps.credits.services import balance_of, grant
from apps.jobs.exports import ExportChoice
from apps.jobs.models import Job, Quote
from apps.jobs.services import after_settling
from apps.projects.models import Project
from apps.projects.orders import render_request

pytestmark = pytest.mark.django_db
EIGHT = Choices(("Stop scrolling", "Did you know?"), ("en-us:female", "de:male"), (), ("9:16", "1:1"))


@pytest.fixture
def talker(project: Project) -> Project:
    project.script = "Hello there. I am a picture."
    project.save()
    return project


@pytest.fixture
def start(alice, talker):
    def make(lists: Choices = EIGHT, making: str = "free", key: str | None = None) -> Batch:
        return services.start(alice, talker, lists, making, ExportChoice(), idempotency_key=key)

    return make


def refused(call, *args, **kwargs) -> SiteFailure:
    with pytest.raises(SiteFailure) as caught:
        call(*args, **kwargs)
    return caught.value


def finish(job: Job, make_asset) -> None:
    Job.objects.filter(pk=job.pk).update(state="running", lease_token="00000000-0000-0000-0000-000000000001")
    job.refresh_from_db()
    assert job.succeed(output=make_asset(kind="output", duration_s=2.0), thumbnail=None, result={})
    after_settling(job)


def test_every_combination_becomes_a_render_of_a_snapshot(start, talker) -> None:
    batch = start()
    requests = [variant.job.request for variant in batch.variants.all()]
    seen = {(one["script"]["text"], one["script"]["voice"], one["aspect"]) for one in requests}
    assert len(seen) == 8
    assert ("Stop scrolling. I am a picture.", "de:male", "1:1") in seen
    assert ("Did you know? I am a picture.", "en-us:female", "9:16") in seen
    assert all(one["watermark"] for one in requests)
    talker.refresh_from_db()
    assert (talker.script, talker.options, talker.version) == ("Hello there. I am a picture.", {}, 1)


def test_names_tell_what_differs_and_nothing_else(start) -> None:
    names = [variant.name for variant in start(Choices(("Stop", "Go"), (), (), ("9:16",))).variants.all()]
    assert names == ["“Stop”", "“Go”"]
    assert (
        start(Choices((), ("en-us:female", "de:male"), ("none", "pop"))).variants.last().name
        == "German, man · word pop"
    )


def test_more_variants_than_can_run_at_once_wait_in_the_queue(start, settings) -> None:
    settings.CONCURRENT_JOBS_MAX = 1
    assert {variant.job.state for variant in start().variants.all()} == {"queued"}


def test_a_set_beyond_the_days_free_renders_is_refused_before_anything_is_ordered(start) -> None:
    start(Choices(captions=("none", "clean", "pop")))
    failure = refused(start)
    assert (failure.code, failure.detail) == ("batch_over_daily_limit", {"count": 8, "left": 7, "limit": 10})
    assert (Batch.objects.count(), Job.objects.count()) == (1, 3)


def test_a_set_that_cannot_be_finished_orders_nothing(start, monkeypatch) -> None:
    submit = services.jobs.submit
    orders = iter(range(9))

    def stumbling(*args, **kwargs):
        if next(orders) == 5:
            raise SiteFailure("media_blocked")
        return submit(*args, **kwargs)

    monkeypatch.setattr(services.jobs, "submit", stumbling)
    assert refused(start).code == "media_blocked"
    assert not Batch.objects.exists()
    assert not Job.objects.exists()


def test_the_same_key_is_the_same_set(start) -> None:
    first = start(key="k")
    assert start(key="k").pk == first.pk
    assert Job.objects.count() == 8
    assert refused(start, Choices(captions=("none", "pop")), key="k").code == "idempotency_conflict"
    assert refused(start, making="export", key="k").code == "idempotency_conflict"


@pytest.mark.parametrize(
    ("lists", "code"),
    [
        (Choices(), "batch_too_small"),
        (Choices(hooks=("Same", " Same ", "")), "batch_too_small"),
        (Choices(hooks=tuple(f"Hook {n}" for n in range(25))), "batch_too_large"),
        (Choices(hooks=("a", "b"), voices=("nobody",)), "voice_unknown"),
        (Choices(captions=("none", "comic")), "option_invalid"),
        (Choices(shapes=("9:16", "3:1")), "option_invalid"),
        (Choices(hooks=("x" * 301, "b")), "option_invalid"),
    ],
    ids=["nothing", "the-same-twice", "too-many", "voice", "captions", "shape", "long-hook"],
)
def test_lists_that_make_no_sense_are_refused(start, lists, code) -> None:
    assert refused(start, lists).code == code
    assert not Job.objects.exists()


def test_hooks_need_a_typed_script(start, talker, voice) -> None:
    talker.voice, talker.voice_source = voice, "audio"
    talker.save()
    assert refused(start).code == "option_invalid"
    assert start(Choices(shapes=("9:16", "1:1"))).variants.count() == 2


def test_one_export_is_paid_per_picture_and_sound(start, alice, make_asset) -> None:
    grant(alice, 100, pool="pack", key="pack")
    batch = start(making="export")
    ordered = [variant for variant in batch.variants.all() if variant.job is not None]
    assert len(ordered) == 4
    assert sum(job.hold.amount_credits for job in Job.objects.all()) == 100 - balance_of(alice).available_credits
    assert [one["state"] for one in batch_facts(batch)["variants"]].count("waiting") == 4

    leader = ordered[0]
    finish(leader.job, make_asset)
    follower = Variant.objects.get(batch=batch, group=leader.group, is_leader=False)
    assert (follower.job.quote.credits, follower.job.hold, follower.job.kind) == (0, None, "export")
    assert follower.job.request["aspect"] != leader.job.request["aspect"]
    assert Job.objects.count() == 5


def test_what_follows_a_paid_export_is_ordered_once_whoever_notices(start, alice, make_asset) -> None:
    grant(alice, 100, pool="pack", key="pack")
    batch = start(making="export")
    leader = batch.variants.filter(is_leader=True).first()
    Job.objects.filter(pk=leader.job_id).update(state="succeeded")  # and the process died before it told anybody
    assert services.advance_all() == 1
    assert services.advance_all() == 0
    assert services.advance(batch) == 0
    assert Job.objects.count() == 5


def test_nothing_is_free_of_an_export_that_failed(start, alice) -> None:
    grant(alice, 100, pool="pack", key="pack")
    batch = start(making="export")
    leader = batch.variants.filter(is_leader=True).first()
    Job.objects.filter(pk=leader.job_id).update(state="failed", failure_code="internal")
    assert services.advance_all() == 0
    follower = Variant.objects.get(batch=batch, group=leader.group, is_leader=False)
    facts = batch_facts(services.get_batch_for(alice, batch.pk))
    assert next(one for one in facts["variants"] if one["id"] == str(follower.pk))["state"] == "cancelled"
    services.retry_variant(follower)
    leader.refresh_from_db()
    assert (leader.job.state, Job.objects.filter(state="queued").count()) == ("queued", 4)


def test_without_enough_credits_no_part_of_a_set_is_ordered(start, alice) -> None:
    grant(alice, 5, pool="pack", key="pack")
    failure = refused(start, making="export")
    assert failure.code == "credits_short"
    assert failure.detail["missing"] == failure.detail["needed"] - 5
    assert balance_of(alice).available_credits == 5
    assert not Quote.objects.exists()


def test_stopping_a_set_stops_what_waits_and_gives_everything_back(start, alice) -> None:
    grant(alice, 100, pool="pack", key="pack")
    batch = services.cancel_batch(start(making="export"))
    facts = batch_facts(batch)
    assert (facts["is_over"], facts["is_cancelled"], facts["fraction"]) == (True, True, 1.0)
    assert {one["state"] for one in facts["variants"]} == {"cancelled"}
    assert balance_of(alice).available_credits == 100
    Job.objects.filter(variant__is_leader=True).update(state="succeeded")
    assert services.advance_all() == 0


def test_a_stopped_variant_can_be_made_again(start, alice) -> None:
    batch = services.cancel_batch(start())
    again = services.retry_variant(batch.variants.first())
    assert (again.job.state, Job.objects.count()) == ("queued", 8)
    assert refused(services.retry_variant, again).code == "job_not_retryable"


def test_a_deleted_video_leaves_its_place_marked(start, alice) -> None:
    batch = start()
    batch.variants.first().job.delete()
    facts = batch_facts(services.get_batch_for(alice, batch.pk))
    assert (facts["variants"][0]["state"], facts["count"]) == ("removed", 7)
    assert refused(services.retry_variant, Variant.objects.get(batch=batch, position=0)).code == "job_not_retryable"


def test_deleting_a_set_deletes_its_videos(start) -> None:
    services.delete_batch(start())
    assert not Job.objects.exists()
    assert not Variant.objects.exists()


def test_one_render_does_not_stand_for_two_that_come_out_the_same(start, alice, talker, make_asset) -> None:
    """A silent video has no captions in any style: its two variants are orders alike."""
    talker.options = {"moved_by": "idle"}
    talker.save()
    finish(
        Job.objects.create(owner=alice, kind="talking_photo", project=talker, request=render_request(talker)),
        make_asset,
    )
    first, second = start(Choices(captions=("none", "karaoke"))).variants.all()
    assert (first.job.state, second.job.state) == ("succeeded", "queued")
    assert first.job.request == second.job.request


def test_what_is_rendered_already_is_shown_and_not_made_again(start, alice, talker, make_asset) -> None:
    shapes = Choices(shapes=("source", "9:16"))
    order = render_request(talker)
    earlier = Job.objects.create(owner=alice, kind="talking_photo", project=talker, request=order)
    assert plan_batch(alice, talker, shapes, "free", ExportChoice()).made_before == 0, "it is not finished"
    finish(earlier, make_asset)
    plan = plan_batch(alice, talker, shapes, "free", ExportChoice())
    assert (plan.made_before, plan.renders_needed) == (1, 1)
    batch = start(shapes)
    first, second = batch.variants.all()
    assert (first.job, second.job.state) == (earlier, "queued")
    assert Job.objects.filter(kind="talking_photo").count() == 2
    assert plan_batch(alice, talker, shapes, "free", ExportChoice()).made_before == 0, "a video is in one set"
    services.delete_batch(batch)
    assert list(Job.objects.filter(kind="talking_photo")) == [earlier]
