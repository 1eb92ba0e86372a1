"""A real Redis behind the queue, progress and the channel layer; and things to make jobs of."""

from collections.abc import Callable, Iterator
from typing import Any

import dramatiq
import pytest
import redis

from apps.jobs.models import Job
from apps.jobs.queue import install_broker
from apps.uploads.models import Asset


@pytest.fixture
def live_redis(redis_url: str, settings: Any) -> Iterator["redis.Redis[bytes]"]:
    """An empty Redis that the whole site uses for this test."""
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    settings.REDIS_URL = redis_url
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [redis_url]}}
    }
    before = dramatiq.get_broker()
    install_broker(redis_url)
    yield client
    dramatiq.set_broker(before)
    client.close()


@pytest.fixture
def portrait(alice: Any) -> Asset:
    return Asset.objects.create(
        owner=alice, kind="portrait", state="ready", storage_key="files/aa/portrait.png", content_type="image/png"
    )


@pytest.fixture
def make_job(alice: Any) -> Callable[..., Job]:
    def make(**fields: Any) -> Job:
        return Job.objects.create(**{"owner": alice, "kind": Job.Kind.TALKING_PHOTO, **fields})

    return make
