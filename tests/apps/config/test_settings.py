"""The settings as a whole, in processes of their own, with different environments."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent.parent.parent
_SHOW = """
import json, sys
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


def _run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env = {**kept, "DJANGO_SETTINGS_MODULE": "apps.config.settings", "ENV_FILE": os.devnull, **environment}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=REPO, env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def _settings(tmp_path: Path, *names: str, **environment: str) -> dict:
    done = _run(_SHOW, *names, DATA_DIR=str(tmp_path), **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_site_is_imported_without_a_warning(tmp_path):
    done = _run("import apps.config.asgi", DATA_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")


def test_without_any_variable_everything_lies_in_one_private_folder(tmp_path):
    data = tmp_path / "var"
    values = _settings(data, "DEBUG", "REDIS_URL", "DATABASES", "ALLOWED_HOSTS", "HTTPS", "SECRET_KEY")
    assert values["DEBUG"] is True
    assert values["REDIS_URL"] == f"unix://{data}/redis.sock" or "lipsmith-" in values["REDIS_URL"]
    database = values["DATABASES"]["default"]
    assert database["NAME"] == str(data / "lipsmith.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "WAL" in database["OPTIONS"]["init_command"]
    assert set(values["ALLOWED_HOSTS"]) == {"127.0.0.1", "localhost", "[::1]"}
    assert values["SECRET_KEY"] == (data / "secret_key").read_text()
    assert data.stat().st_mode & 0o077 == 0


def test_real_parts_come_by_environment(tmp_path):
    (tmp_path / "key").write_text("k" * 60)
    values = _settings(
        tmp_path, "DATABASES", "REDIS_URL", "REDIS_SOCKET", "STORAGES", "EMAIL_BACKEND", "DELIVERY_BACKEND",
        "SECRET_KEY", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT",
        DEBUG="false", DATABASE_URL="postgres://u:p@db/site?sslmode=require", REDIS_URL="redis://redis:6379/1",
        S3_BUCKET="files",
        EMAIL_URL="smtp://mail.example:25", SECRET_KEY_FILE=str(tmp_path / "key"), ALLOWED_HOSTS="site.example",
        TRUST_PROXY="true",
    )  # fmt: skip
    assert values["DATABASES"]["default"]["ENGINE"].endswith("postgresql")
    options = values["DATABASES"]["default"]["OPTIONS"]
    assert options["sslmode"] == "require"
    assert options["pool"]["max_size"] > 1
    assert (values["REDIS_URL"], values["REDIS_SOCKET"]) == ("redis://redis:6379/1", None)
    assert values["STORAGES"]["default"]["BACKEND"].endswith("S3Storage")
    assert values["STORAGES"]["default"]["OPTIONS"]["querystring_auth"] is True
    assert values["STORAGES"]["staticfiles"]["BACKEND"].endswith("SiteStaticFilesStorage")
    assert values["EMAIL_BACKEND"].endswith("letters.OutboxBackend")  # pages do not wait for the mail server
    assert values["DELIVERY_BACKEND"].endswith("smtp.EmailBackend")
    assert values["SECRET_KEY"] == "k" * 60
    assert values["SESSION_COOKIE_SECURE"] is True
    assert values["SECURE_SSL_REDIRECT"] is True


_WRONG = {
    "DEBUG": "perhaps",
    "PORT": "0",
    "REDIS_URL": "ftp://x",
    "EMAIL_URL": "x",
    "WEB_WORKERS": "many",
    "LOG_LEVEL": "LOUD",
}


@pytest.mark.parametrize("name, value", _WRONG.items())
def test_a_wrong_variable_stops_the_start_with_its_name(tmp_path, name, value):
    done = _run(_SHOW, "DEBUG", DATA_DIR=str(tmp_path), **{name: value})
    assert done.returncode != 0
    assert name in done.stderr.strip().splitlines()[-1]


def test_a_websocket_may_wait_for_its_next_message_without_redis_hanging_up():
    from channels_redis.core import RedisChannelLayer

    from apps.config.settings import CHANNEL_LAYERS

    (host,) = CHANNEL_LAYERS["default"]["CONFIG"]["hosts"]
    pool = RedisChannelLayer(hosts=[host]).create_pool(0)
    assert pool.connection_kwargs["socket_timeout"] > RedisChannelLayer.brpop_timeout
