import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.config.local_secrets import MAX_SOCKET_PATH_BYTES, redis_socket_in, secret_key_in


def test_the_key_is_made_once_and_only_we_can_read_it(tmp_path):
    key = secret_key_in(tmp_path)
    assert len(key) > 60
    assert secret_key_in(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_every_installation_has_its_own_key(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert secret_key_in(tmp_path / "a") != secret_key_in(tmp_path / "b")


def test_processes_that_start_at_once_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: secret_key_in(tmp_path), range(64)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_the_socket_lies_in_the_data_folder(tmp_path_factory):
    folder = Path("/data/var")
    assert redis_socket_in(folder) == folder / "redis.sock"


@pytest.fixture
def deep_folder(tmp_path) -> Path:
    folder = tmp_path / ("d" * 60) / ("é" * 40)
    folder.mkdir(parents=True)
    return folder


def test_a_folder_with_a_long_name_gets_a_short_private_place_for_the_socket(deep_folder):
    path = redis_socket_in(deep_folder)
    assert len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert redis_socket_in(deep_folder) == path


def test_two_long_folders_do_not_share_a_socket(deep_folder, tmp_path):
    other = tmp_path / ("d" * 60) / ("ü" * 40)
    other.mkdir(parents=True)
    assert redis_socket_in(deep_folder) != redis_socket_in(other)


def test_a_short_place_prepared_by_somebody_else_is_refused(deep_folder, tmp_path):
    place = redis_socket_in(deep_folder).parent
    place.rmdir()
    (tmp_path / "trap").mkdir()
    place.symlink_to(tmp_path / "trap")
    try:
        with pytest.raises(PermissionError):
            redis_socket_in(deep_folder)
    finally:
        place.unlink()
