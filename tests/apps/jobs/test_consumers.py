"""The websocket of one job, over a real Redis."""

import asyncio
import json
import uuid

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser

from apps.jobs import progress, services
from apps.jobs.models import Job
from apps.jobs.routing import websocket_urlpatterns
from tests.apps.jobs.sockets import Socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _with_redis(live_redis):
    """Everything here goes through the real channel layer."""


async def opened(user, job_id) -> Socket:
    socket = Socket(URLRouter(websocket_urlpatterns), f"/ws/jobs/{job_id}/", user)
    await socket.open()
    return socket


def publish(job: Job, fraction: float, **fields) -> None:
    progress.publish(job.pk, {"stage": "rendering", "fraction": fraction, "eta_s": 2.0, "thumbnail": 0, **fields})


async def test_the_owner_gets_the_state_at_once(alice, make_job):
    job = await sync_to_async(make_job)()
    socket = await opened(alice, job.pk)
    message = await socket.receive_json()
    assert (message["type"], message["state"], message["fraction"]) == ("progress", "queued", 0.0)
    await socket.leave()


async def test_progress_arrives_as_it_happens_and_the_end_is_told(alice, make_job):
    job = await sync_to_async(make_job)()
    socket = await opened(alice, job.pk)
    await socket.receive_json()
    mine = await sync_to_async(Job.claim)(job.pk)
    await sync_to_async(publish)(job, 0.4, thumbnail=2)
    message = await socket.receive_json()
    assert (message["state"], message["stage"], message["fraction"]) == ("running", "rendering", 0.4)
    assert message["thumbnail_url"] == f"/jobs/{job.pk}/frame/2.jpg"
    await sync_to_async(mine.fail)("no_speech")
    await sync_to_async(services.after_settling)(mine)
    message = await socket.receive_json()
    assert (message["type"], message["state"], message["failure"]["code"]) == ("done", "failed", "no_speech")
    await socket.leave()


async def test_a_page_that_is_reloaded_picks_up_where_the_job_is(alice, make_job):
    job = await sync_to_async(make_job)()
    await sync_to_async(Job.claim)(job.pk)
    await sync_to_async(publish)(job, 0.7)
    socket = await opened(alice, job.pk)
    message = await socket.receive_json()
    assert (message["state"], message["fraction"], message["eta_s"]) == ("running", 0.7, 2.0)
    await socket.leave()


async def test_late_messages_do_not_move_the_bar_back(alice, make_job):
    job = await sync_to_async(make_job)()
    await sync_to_async(Job.claim)(job.pk)
    await sync_to_async(publish)(job, 0.7)
    socket = await opened(alice, job.pk)
    await socket.receive_json()
    from channels.layers import get_channel_layer

    overtaken = {"stage": "rendering", "fraction": 0.3, "eta_s": 9.0, "thumbnail": 0}
    await get_channel_layer().group_send(progress.group_name(job.pk), {"type": "job.progress", "progress": overtaken})
    await sync_to_async(publish)(job, 0.8)
    message = await socket.receive_json()
    assert message["fraction"] == 0.8
    await socket.leave()


async def test_every_open_page_of_the_owner_is_told_and_other_jobs_are_not_heard(alice, make_job):
    job, other = await sync_to_async(make_job)(), await sync_to_async(make_job)()
    for each in (job, other):
        await sync_to_async(Job.claim)(each.pk)
    pages = [await opened(alice, job.pk) for _ in range(2)]
    for page in pages:
        await page.receive_json()
    await sync_to_async(publish)(other, 0.9)
    await sync_to_async(publish)(job, 0.5)
    for page in pages:
        assert (await page.receive_json())["fraction"] == 0.5
        assert await page.receive_nothing(timeout=0.1)
        await page.leave()


async def test_strangers_and_unknown_or_malformed_ids_are_closed_alike(alice, charlie, make_job):
    job = await sync_to_async(make_job)()
    for user, job_id in [(charlie, job.pk), (alice, uuid.uuid4()), (alice, "12"), (alice, "..%2f..")]:
        socket = await opened(user, job_id)
        assert await socket.close_code() == 4404


async def test_the_signed_out_are_closed_before_anything_is_looked_up(make_job):
    job = await sync_to_async(make_job)()
    for user in (AnonymousUser(), None):
        socket = await opened(user, job.pk)
        assert await socket.close_code() == 4401


async def test_hostile_messages_are_ignored_and_a_talker_is_hung_up_on(alice, make_job):
    job = await sync_to_async(make_job)()
    socket = await opened(alice, job.pk)
    await socket.receive_json()
    for text in ("", "{", "null", "[[[[", json.dumps({"type": "job.changed"}), "\x00", "x" * 10_000):
        await socket.say(text=text)
    await socket.say(data=b"\xff\xfe")
    assert await socket.receive_nothing(timeout=0.2)
    for _ in range(20):
        await socket.say(text="ping")
    assert await socket.close_code() == 1008


async def test_a_job_that_is_deleted_under_an_open_page_closes_it(alice, make_job):
    job = await sync_to_async(make_job)()
    socket = await opened(alice, job.pk)
    await socket.receive_json()
    job_id = job.pk
    await sync_to_async(job.delete)()
    await sync_to_async(progress.publish_change)(job_id)
    assert await socket.close_code() == 4404


async def test_progress_reaches_the_page_quickly(alice, make_job):
    job = await sync_to_async(make_job)()
    await sync_to_async(Job.claim)(job.pk)
    socket = await opened(alice, job.pk)
    await socket.receive_json()
    loop = asyncio.get_running_loop()
    started_at = loop.time()
    for step in range(1, 11):
        await sync_to_async(publish)(job, step / 20)
        await socket.receive_json()
    assert (loop.time() - started_at) / 10 < 0.5
    await socket.leave()
