"""Paid exports: the price, the hold, the settlement, and what is never charged."""

import datetime

import pytest
from django.utils import timezone

from apps.core.failures import SiteFailure
from apps.credits import services as credits
from apps.credits.models import Hold, Movement
from apps.credits.recount import differences
from apps.jobs import exports, services
from apps.jobs.deletion import delete_jobs_of
from apps.jobs.exports import ExportChoice, order_export, quote_export
from apps.jobs.models import Job, Quote
from apps.projects.models import Project
from apps.uploads.models import Asset

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_is_woken(monkeypatch):
    monkeypatch.setattr("apps.jobs.queue.enqueue", lambda *_: None)


@pytest.fixture
def picture(alice):
    def make(width_px=1080, height_px=1350):
        return Asset.objects.create(
            owner=alice,
            kind="portrait",
            state="ready",
            storage_key=f"files/{Asset.objects.count()}.png",
            content_type="image/png",
            width_px=width_px,
            height_px=height_px,
            preflight={"faces": [{"index": 0, "usable": True, "problem": None}]},
        )

    return make


@pytest.fixture
def voice(alice):
    def make(duration_s=12.0):
        return Asset.objects.create(
            owner=alice,
            kind="voice",
            state="ready",
            storage_key=f"files/{Asset.objects.count()}.wav",
            content_type="audio/wav",
            duration_s=duration_s,
        )

    return make


@pytest.fixture
def project(alice, picture, voice):
    return Project.objects.create(owner=alice, title="Hello", portrait=picture(), voice=voice(), voice_source="audio")


@pytest.fixture
def rich(alice):
    credits.grant(alice, 100, pool="pack", key="pack")
    return alice


def price(project, **choice) -> Quote:
    return quote_export(project.owner, project, ExportChoice(**choice))


def order(project, **choice) -> Job:
    return order_export(project.owner, price(project, **choice))


def finish(job, duration_s=12.0) -> Job:
    output = Asset.objects.create(
        owner=job.owner,
        kind="output",
        state="ready",
        storage_key=f"files/{job.pk}.mp4",
        content_type="video/mp4",
        duration_s=duration_s,
    )
    running = Job.claim(job.pk)
    assert running.succeed(output=output, thumbnail=None, result={})
    job.refresh_from_db()
    return job


def wallet(user) -> tuple[int, int]:
    balance = credits.balance_of(user)
    assert list(differences()) == []
    return balance.available_credits, balance.held_credits


def refused(call) -> SiteFailure:
    with pytest.raises(SiteFailure) as caught:
        call()
    return caught.value


# the price


def test_a_price_names_all_its_parts_and_is_kept_for_a_quarter_of_an_hour(project):
    before = timezone.now()
    quote = price(project)
    assert (quote.credits, quote.seconds, quote.credits_per_s, quote.neural_factor, quote.size_factor) == (
        12,
        12,
        1,
        1,
        1,
    )
    assert (quote.width_px, quote.height_px, quote.duration_s, quote.is_exact) == (1080, 1350, 12.0, True)
    assert (
        datetime.timedelta(minutes=14, seconds=50)
        < quote.valid_until - before
        < datetime.timedelta(minutes=15, seconds=10)
    )


def test_what_is_ordered_has_no_mark_no_label_and_no_more_length_than_is_paid(project):
    request = price(project).request
    assert (request["watermark"], request["label_corner"], request["film"]) == (False, None, "talking_photo")
    assert (request["max_short_side_px"], request["max_duration_s"]) == (1080, 12.1)


def test_the_creator_may_place_the_label(project):
    assert price(project, label_corner="top-left").request["label_corner"] == "top-left"


@pytest.mark.parametrize(
    ("size", "choice", "made", "factor"),
    [
        ((3000, 4000), {}, (2160, 2880), 2),
        ((3000, 4000), {"resolution": "1080p"}, (1080, 1440), 1),
        ((8000, 2500), {}, (3840, 1200), 2),
        ((1081, 1081), {}, (1080, 1080), 1),
        ((500, 900), {}, (500, 900), 1),
    ],
)
def test_an_export_is_as_large_as_its_source_up_to_4k_and_costs_twice_above_1080p(
    project, picture, size, choice, made, factor
):
    project.portrait = picture(*size)
    quote = price(project, **choice)
    assert (quote.width_px, quote.height_px) == made
    assert (quote.size_factor, quote.credits) == (factor, 12 * factor)
    assert quote.request["max_short_side_px"] == min(made)


def test_a_shape_is_priced_by_the_part_of_the_picture_that_it_shows(project, picture):
    project.portrait = picture(4000, 1500)
    project.options = {"aspect": "9:16"}
    assert (price(project).width_px, price(project).height_px) == (842, 1500)


def test_a_script_is_priced_by_a_guess_with_room_to_spare_until_it_was_spoken(project):
    project.voice_source, project.script = "script", "Good morning, everybody. " * 10
    project.save()
    guess = price(project)
    assert not guess.is_exact
    assert guess.seconds > 17
    spoken = Asset.objects.create(
        owner=project.owner,
        kind="derived",
        state="ready",
        storage_key="files/s",
        content_type="audio/wav",
        duration_s=14.2,
    )
    Job.objects.create(
        owner=project.owner,
        kind="speech",
        state="succeeded",
        request={"script": guess.request["script"]},
        output=spoken,
    )
    exact = price(project)
    assert (exact.is_exact, exact.seconds, exact.credits) == (True, 15, 15)


def test_ten_minutes_can_be_exported_and_more_cannot(project, voice):
    project.voice = voice(600.0)
    assert price(project).credits == 600
    project.voice = voice(601.0)
    assert refused(lambda: price(project)).code == "audio_too_long"


@pytest.mark.parametrize(
    "choice", [{"preset": "gif"}, {"resolution": "8k"}, {"frames_per_second": "1"}, {"label_corner": "x"}]
)
def test_what_does_not_exist_cannot_be_chosen(project, choice):
    assert refused(lambda: price(project, **choice)).code == "option_invalid"


def test_larger_formats_are_said_to_be_larger(project):
    sizes = {name: price(project, preset=name).size_bytes for name in ("hevc", "h264_small", "h264", "prores")}
    assert list(sizes.values()) == sorted(sizes.values())


# ordering


def test_ordering_reserves_the_credits_with_the_job(project, rich):
    job = order(project)
    assert (job.kind, job.state, job.hold.amount_credits, job.hold.key) == ("export", "queued", 12, f"job:{job.pk}")
    assert wallet(rich) == (88, 12)
    assert "Hello" in job.hold.note


def test_without_enough_credits_nothing_is_ordered_and_it_says_how_many_are_missing(project, alice):
    credits.grant(alice, 5, pool="grant", key="gift")
    failure = refused(lambda: order(project))
    assert (failure.code, failure.detail["needed"], failure.detail["have"], failure.detail["missing"]) == (
        "credits_short",
        12,
        5,
        7,
    )
    assert failure.detail["top_up_url"] == "/credits/buy/"
    assert not Job.objects.exists()
    assert not Hold.objects.exists()


def test_the_same_price_ordered_twice_is_one_export(project, rich):
    quote = price(project)
    first = order_export(rich, quote)
    assert order_export(rich, quote) == first
    assert order_export(rich, quote, idempotency_key="k") == first
    assert wallet(rich) == (88, 12)


def test_a_price_that_is_too_old_cannot_be_ordered(project, rich):
    quote = price(project)
    Quote.objects.filter(pk=quote.pk).update(valid_until=timezone.now())
    quote.refresh_from_db()
    assert refused(lambda: order_export(rich, quote)).code == "quote_expired"
    assert wallet(rich) == (100, 0)


def test_what_was_quoted_is_made_even_when_the_project_changed_since(project, rich, voice):
    quote = price(project)
    project.voice = voice(500.0)
    project.save()
    job = order_export(rich, quote)
    assert job.request == quote.request
    assert wallet(rich) == (88, 12)


def test_exports_do_not_count_as_free_renders(project, rich, settings):
    settings.FREE_RENDERS_PER_DAY = 1
    order(project)
    assert services.renders_today(rich) == 0


def test_too_many_exports_at_once_are_refused_and_reserve_nothing(project, rich, settings):
    settings.CONCURRENT_JOBS_MAX = 1
    order(project)
    assert refused(lambda: order(project)).code == "too_many_jobs"
    assert wallet(rich) == (88, 12)


# settling


@pytest.mark.parametrize(("duration_s", "charged"), [(12.0, 12), (9.4, 10), (11.0, 11), (40.0, 12)])
def test_a_finished_export_costs_what_was_made_and_never_more_than_its_price(project, rich, duration_s, charged):
    job = finish(order(project), duration_s)
    assert wallet(rich) == (100 - charged, 0)
    assert job.hold.settlement.spent_credits == charged


@pytest.mark.parametrize("end", ["fail", "settle_cancelled"])
def test_a_failed_or_cancelled_export_costs_nothing(project, rich, end):
    job = Job.claim(order(project).pk)
    arguments = ("engine_crashed",) if end == "fail" else ()
    assert getattr(job, end)(*arguments)
    assert wallet(rich) == (100, 0)


def test_cancelling_a_waiting_export_gives_the_credits_back_at_once(project, rich):
    services.cancel(order(project))
    assert wallet(rich) == (100, 0)


def test_an_export_whose_worker_was_lost_twice_gives_the_credits_back_once(project, rich):
    job = order(project)
    later = timezone.now() + datetime.timedelta(hours=1)
    for _ in range(2):
        assert Job.claim(job.pk).expire(silent_since=later)
    job.refresh_from_db()
    assert (job.state, job.failure_code) == ("failed", "worker_lost")
    assert wallet(rich) == (100, 0)
    assert Movement.objects.filter(reason="release").count() == 1


def test_a_worker_that_lost_its_lease_takes_nothing(project, rich):
    stale = Job.claim(order(project).pk)
    Job.objects.get(pk=stale.pk).expire(silent_since=timezone.now() + datetime.timedelta(hours=1))
    output = Asset.objects.create(
        owner=rich, kind="output", state="ready", storage_key="files/x", content_type="video/mp4", duration_s=12
    )
    assert not stale.succeed(output=output, thumbnail=None, result={})
    assert wallet(rich) == (88, 12)


def test_when_the_credits_cannot_be_taken_the_job_does_not_end_either(project, rich, monkeypatch):
    job = Job.claim(order(project).pk)
    output = Asset.objects.create(
        owner=rich, kind="output", state="ready", storage_key="files/x", content_type="video/mp4", duration_s=12
    )

    def fails(*_):
        raise RuntimeError

    monkeypatch.setattr(credits, "capture", fails)
    with pytest.raises(RuntimeError):
        job.succeed(output=output, thumbnail=None, result={})
    job.refresh_from_db()
    assert job.state == "running"
    assert wallet(rich) == (88, 12)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_deleting_a_project_gives_back_what_its_exports_hold(project, rich, state):
    job = order(project)
    if state == "running":
        Job.claim(job.pk)
    delete_jobs_of(project)
    assert not Job.objects.exists()
    assert wallet(rich) == (100, 0)


def test_deleting_the_account_leaves_a_ledger_that_adds_up(project, rich):
    finish(order(project))
    order(project, label_corner="top-left", resolution="1080p")
    rich.delete()
    assert list(differences()) == []
    assert not Quote.objects.exists()


def test_ordering_a_failed_export_again_reserves_again_at_the_same_price(project, rich):
    job = Job.claim(order(project).pk)
    job.fail("engine_crashed")
    job.refresh_from_db()
    again = services.retry(job)
    assert (again.kind, again.quote.credits, again.request) == ("export", 12, job.request)
    assert again.quote_id != job.quote_id
    assert wallet(rich) == (88, 12)


# paid once


def test_another_shape_and_format_of_a_paid_export_is_free(project, rich):
    finish(order(project))
    project.options = {"aspect": "1:1", "frames_per_second": "50"}
    quote = price(project, preset="prores", label_corner="top-left")
    assert quote.credits == 0
    job = finish(order_export(rich, quote))
    assert (job.hold, job.state) == (None, "succeeded")
    assert wallet(rich) == (88, 0)


def test_a_larger_picture_than_was_paid_is_not_free(project, rich, picture):
    project.portrait = picture(3000, 3000)
    project.save()
    finish(order(project, resolution="1080p"))
    assert price(project).credits == 24


def test_what_failed_was_not_paid(project, rich):
    Job.claim(order(project).pk).fail("internal")
    assert price(project).credits == 12


def test_another_voice_is_another_video(project, rich, voice):
    finish(order(project))
    project.voice = voice(12.0)
    assert price(project).credits == 12


def test_somebody_elses_export_pays_for_nobody_else(project, rich, bob):
    finish(order(project))
    Quote.objects.update(owner=bob)
    assert price(project).credits == 12


def test_of_a_changed_script_only_the_changed_sentences_are_paid(project, rich):
    kept = [f"This is sentence number {number}, which stays as it is." for number in range(6)]
    project.voice_source, project.script = "script", " ".join(kept)
    project.save()
    finish(order(project), 20.0)
    whole = price(project, resolution="1080p")
    assert whole.credits == 0
    project.script = " ".join([*kept[:3], "Only this one is new, and it is short.", *kept[3:]])
    changed = price(project)
    assert 0 < changed.credits < 6
    assert changed.duration_s > 15
    project.script = " ".join(reversed(kept))
    assert changed.credits < price(project).credits


def test_prices_that_were_never_ordered_are_forgotten_and_ordered_ones_kept(project, rich):
    price(project)
    job = order(project)
    assert exports.sweep_quotes(timezone.now() + datetime.timedelta(seconds=1)) == 1
    assert Quote.objects.get() == job.quote


# dubs


@pytest.fixture
def dub(alice, voice):
    clip = Asset.objects.create(
        owner=alice,
        kind="clip",
        state="ready",
        storage_key="files/clip.mp4",
        content_type="video/mp4",
        width_px=1280,
        height_px=720,
        duration_s=8.0,
        preflight={"people": [], "video": {"frame_rate": "30000/1001"}},
    )
    return Project.objects.create(
        owner=alice, kind="video_dub", title="Dub", clip=clip, voice=voice(5.5), voice_source="audio"
    )


@pytest.mark.parametrize(
    ("mode", "seconds"), [("cut_off", 6), ("silence", 8), ("loop", 6), ("bounce", 6), ("remap", 6)]
)
def test_a_dub_costs_two_credits_for_each_second_it_will_have(dub, mode, seconds):
    dub.options = {"sync_mode": mode}
    dub.save()
    quote = price(dub)
    assert (quote.work, quote.seconds, quote.credits_per_s, quote.credits) == ("dub", seconds, 2, 2 * seconds)
    assert (quote.width_px, quote.height_px, quote.request["fps"]) == (1280, 720, "30000/1001")
    assert quote.request["film"] == "video_dub"


def test_a_dub_keeps_the_clips_frame_rate(dub):
    assert refused(lambda: price(dub, frames_per_second="60")).code == "option_invalid"


@pytest.mark.parametrize(("mode", "seconds"), [("silence", 8), ("loop", 10), ("remap", 10)])
def test_single_lines_cost_what_the_whole_clip_costs_and_what_they_make_it_longer(dub, voice, mode, seconds):
    line = {"id": "a", "start_s": 1.0, "end_s": 2.0, "script": "", "script_voice": "", "script_rate": 1.0}
    dub.options = {"lines": [{**line, "voice": str(voice(3.0).pk), "sync_mode": mode}]}
    dub.voice_source = "lines"
    dub.save()
    quote = price(dub)
    assert (quote.seconds, quote.credits, quote.is_exact) == (seconds, 2 * seconds, True)


def test_of_changed_lines_only_those_are_paid_unless_they_move_the_picture(dub, rich, voice):
    line = {"script": "", "script_voice": "", "script_rate": 1.0, "voice": str(voice(1.0).pk), "sync_mode": "silence"}
    first, second = {**line, "id": "a", "start_s": 1.0, "end_s": 2.0}, {**line, "id": "b", "start_s": 4.0, "end_s": 5.5}

    def lines(*rows):
        dub.options = {**dub.options, "lines": list(rows)}
        dub.save()
        return price(dub)

    dub.voice_source = "lines"
    assert lines(first, second).credits == 16
    finish(order(dub), 8.0)
    other = {**second, "voice": str(voice(1.4).pk)}
    assert lines(first, other).credits == 4  # a second and a half, started seconds count
    assert lines(first, second).credits == 0
    assert lines(second).credits == 0
    assert lines(first, second, {**line, "id": "c", "start_s": 6.0, "end_s": 7.0}).credits == 2
    assert lines(first, {**other, "sync_mode": "loop"}).credits == 16
    dub.options["strength"] = 0.5
    assert lines(first, other).credits == 16


def test_a_dub_in_another_shape_is_priced_by_the_size_it_will_have(dub):
    dub.options = {"aspect": "9:16"}
    dub.save()
    quote = price(dub)
    assert (quote.width_px, quote.height_px, quote.credits) == (720, 1280, 12)


def test_ordering_asks_the_database_no_more_than_it_must(rich, project, django_assert_max_num_queries):
    """Every statement is a journey that twenty people at once wait for; two more are this test's savepoint."""
    with django_assert_max_num_queries(3):
        quote = price(project)
    with django_assert_max_num_queries(11 + 2):
        made = order_export(rich, quote)
    assert made.hold is not None and made.hold.amount_credits == quote.credits
    assert order_export(rich, quote).pk == made.pk
