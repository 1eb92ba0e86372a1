"""Fixtures shared by every test."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

REPO = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first, so that no process is left alone with one at the end; browser tests last.

    A browser's driver leaves an event loop in the process, in which Django refuses to query.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, item.path not in slow))


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real portraits, voices and clips; tests that need it are skipped, loudly, without it."""
    folder = Path(os.environ.get("SHARED_MEDIA", REPO.parent / "shared" / "media"))
    if not (folder / "MEDIA.csv").is_file():
        pytest.skip(f"real media not found at {folder} (set SHARED_MEDIA)")
    return folder


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis, for tests that touch the queue, the cache or the channel layer."""
    from tests.servers import running_redis

    with running_redis() as url:
        yield url


@pytest.fixture(scope="session")
def _postgres_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import pgserver

    logging.getLogger("pgserver").setLevel(logging.WARNING)  # it logs at exit, when nobody listens any more
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_url(_postgres_server_url: str) -> str:
    """An empty database of a real PostgreSQL, for tests of what happens at the same time."""
    import psycopg

    name = f"test_{uuid4().hex}"
    with psycopg.connect(_postgres_server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    assert "/postgres?" in _postgres_server_url
    return _postgres_server_url.replace("/postgres?", f"/{name}?")


@pytest.fixture(autouse=True)
def _files_of_this_test(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Tests with a database get folders and a cache of their own, so that none sees another's files or limits."""
    if not {"db", "transactional_db", "client", "async_client"} & set(request.fixturenames):
        yield
        return
    from django.core.cache import cache

    settings = request.getfixturevalue("settings")
    settings.MEDIA_DIR = tmp_path / "media"
    settings.INCOMING_DIR = settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "incoming"
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    settings.MEDIA_DIR.mkdir()
    settings.INCOMING_DIR.mkdir()
    options = {**settings.STORAGES["default"]["OPTIONS"], "location": settings.MEDIA_DIR}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    cache.clear()
    yield


@pytest.fixture(autouse=True)
def _files_are_attested(request: pytest.FixtureRequest) -> Iterator[None]:
    """What tests put into the database counts as stated to be theirs; tests of the rule itself override this."""
    if not {"db", "transactional_db", "client", "async_client"} & set(request.fixturenames):
        yield
        return
    from django.db.models.signals import post_save

    from apps.trust.attestations import attest
    from apps.trust.statements import NEEDED_FOR, Basis
    from apps.uploads.models import Asset

    def state(instance: Any, created: bool, **_: Any) -> None:
        if created and instance.kind in NEEDED_FOR:
            attest(instance, Basis.OWN)

    post_save.connect(state, sender=Asset, weak=False)
    yield
    post_save.disconnect(state, sender=Asset)


def _new_user(name: str) -> Any:
    from apps.accounts.models import User

    return User.objects.create_user(f"{name}@example.com", "a long enough secret")


@pytest.fixture
def alice(db: None) -> Any:
    """Owns the things of a test."""
    return _new_user("alice")


@pytest.fixture
def bob(db: None) -> Any:
    return _new_user("bob")


@pytest.fixture
def charlie(db: None) -> Any:
    """A stranger, who must see nothing of Alice's."""
    return _new_user("charlie")
