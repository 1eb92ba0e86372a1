"""A visitor's question on its way through the runner, with a quick engine in the same process."""

import uuid

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from apps.trust.models import Inquiry
from tests.worker.test_runner import QuickEngine, make_job, make_runner, portrait  # noqa: F401
from worker.engine.failures import EngineFailure, FailureCode

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked():
    def make(data: bytes) -> Inquiry:
        key = default_storage.save("files/asked.mp4", ContentFile(data))
        return Inquiry.objects.create(storage_key=key, extension=".mp4", size_bytes=len(data))

    return make


def answered(runner, inquiry: Inquiry) -> Inquiry:
    runner.identify(str(inquiry.pk))
    inquiry.refresh_from_db()
    return inquiry


def test_a_render_of_ours_is_told_with_its_time_and_kind(make_runner, make_job, asked):  # noqa: F811
    job = make_job()
    inquiry = asked(b"made here: " + job.pk.hex[:12].encode())
    key = inquiry.storage_key
    done = answered(make_runner(), inquiry)
    assert (done.state, done.answer["made_here"]) == ("answered", True)
    assert done.answer["kind"] == "talking_photo"
    assert done.answer["made_at"] == job.queued_at.isoformat()
    assert (done.storage_key, default_storage.exists(key)) == ("", False)
    assert "alice" not in str(done.answer)


def test_an_export_is_told_as_the_film_it_is(make_runner, make_job, asked):  # noqa: F811
    job = make_job(kind="export", request={"film": "video_dub"})
    assert answered(make_runner(), asked(b"made here: " + job.pk.hex[:12].encode())).answer["kind"] == "video_dub"


def test_a_render_whose_owner_deleted_it_is_still_ours(make_runner, asked):  # noqa: F811
    done = answered(make_runner(), asked(b"made here: 5eed00c0ffee"))
    assert done.answer["made_here"] and "made_at" not in done.answer


def test_a_file_that_cannot_be_read_fails_in_the_catalogues_words(make_runner, asked):  # noqa: F811
    done = answered(make_runner(), asked(b"bad"))
    assert (done.state, done.failure_code) == ("failed", "file_unreadable")


def test_a_file_that_is_gone_fails_too(make_runner, asked):  # noqa: F811
    inquiry = asked(b"x")
    default_storage.delete(inquiry.storage_key)
    assert answered(make_runner(), inquiry).failure_code == "file_missing"


@pytest.mark.parametrize("code", [FailureCode.ENGINE_CRASHED, FailureCode.TIMED_OUT, FailureCode.OUT_OF_MEMORY])
def test_an_engine_that_breaks_is_told(make_runner, asked, code):  # noqa: F811
    def breaks() -> None:
        raise EngineFailure(code)

    done = answered(make_runner(QuickEngine(before=breaks)), asked(b"x"))
    assert (done.state, done.failure_code) == ("failed", code.value)


def test_a_message_that_comes_twice_or_for_nothing_does_nothing(make_runner, asked):  # noqa: F811
    engine = QuickEngine()
    inquiry = asked(b"x")
    runner = make_runner(engine)
    runner.identify(str(inquiry.pk))
    runner.identify(str(inquiry.pk))
    runner.identify(str(uuid.UUID(int=7)))
    assert len(engine.orders) == 1
