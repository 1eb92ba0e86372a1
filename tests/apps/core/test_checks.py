"""Each system check, by its id: it speaks up for a wrong combination and stays silent for a right one."""

import pytest
from django.core.checks import run_checks

from apps.core import checks


def _ids(databases=None) -> set[str]:
    return {message.id for message in run_checks(databases=databases) if str(message.id).startswith("core.")}


@pytest.fixture
def deployed(settings):
    """Settings of a proper deployment: nothing to say about them."""
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["lipsmith.example"]
    settings.SITE_URL = "https://lipsmith.example"
    settings.HTTPS = True
    settings.EMAIL_CONFIGURED = True
    settings.SECRET_KEY = "a-key-of-fifty-different-letters-0123456789-ABCDEFGHIJ"
    settings.REDIS_URL, settings.REDIS_SOCKET = "redis://redis:6379/0", None
    settings.S3_BUCKET = "files"
    return settings


def test_a_proper_deployment_passes(deployed):
    assert _ids() == set()


def test_the_default_settings_pass(settings):
    settings.DEBUG = True  # pytest-django turns it off
    assert _ids() == set()


@pytest.mark.parametrize("hosts", [["lipsmith.example"], ["*"], ["127.0.0.1", ".example.org"], ["192.0.2.7"]])
def test_debug_with_a_public_name_is_refused(deployed, hosts):
    deployed.DEBUG, deployed.ALLOWED_HOSTS = True, hosts
    assert "core.E001" in _ids()


def test_debug_listening_on_every_address_is_refused(deployed):
    deployed.DEBUG, deployed.ALLOWED_HOSTS, deployed.HOST = True, ["localhost", "127.0.0.1", "[::1]"], "0.0.0.0"
    assert "core.E001" in _ids()
    deployed.HOST = "::1"
    assert "core.E001" not in _ids()


def test_no_hosts_without_debug_are_refused(deployed):
    deployed.ALLOWED_HOSTS = []
    assert "core.E002" in _ids()


def test_every_host_is_warned_about(deployed):
    deployed.ALLOWED_HOSTS = ["*"]
    assert "core.W003" in _ids()


@pytest.mark.parametrize("key", ["short", "a" * 80, "django-insecure-" + "0123456789abcdefghij" * 4])
def test_a_weak_secret_key_is_refused(deployed, key):
    deployed.SECRET_KEY = key
    assert "core.E004" in _ids()


def test_several_hosts_need_shared_parts(deployed):
    deployed.HOST_COUNT, deployed.REDIS_SOCKET, deployed.S3_BUCKET = 2, "/somewhere/redis.sock", ""
    assert {"core.E005", "core.E006", "core.W007"} <= _ids()


@pytest.mark.parametrize("name", ["S3_ENDPOINT_URL", "S3_REGION"])
def test_s3_without_a_bucket_is_refused(deployed, name):
    deployed.S3_BUCKET = ""
    setattr(deployed, name, "https://s3.example")
    assert "core.E008" in _ids()


@pytest.mark.parametrize("name", ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"])
def test_half_of_the_s3_credentials_is_refused(deployed, name):
    setattr(deployed, name, "half")
    assert "core.E009" in _ids()


def test_a_redis_socket_path_beyond_the_systems_limit_is_refused(deployed):
    deployed.REDIS_URL = "unix:///" + "d" * 107
    assert "core.E010" in _ids()
    deployed.REDIS_URL = "unix:///" + "d" * 106
    assert "core.E010" not in _ids()


def test_a_redis_address_without_a_host_is_refused(deployed):
    deployed.REDIS_URL = "redis:///0"
    assert "core.E011" in _ids()


def test_a_site_url_that_is_not_an_allowed_host_is_refused(deployed):
    deployed.SITE_URL = "https://other.example"
    assert "core.E012" in _ids()


def test_a_public_site_without_its_address_is_warned_about(deployed):
    deployed.SITE_URL = ""
    assert "core.W013" in _ids()


def test_a_public_site_without_tls_is_warned_about(deployed):
    deployed.HTTPS = False
    assert "core.W014" in _ids()


def test_missing_mail_is_warned_about(deployed):
    deployed.EMAIL_CONFIGURED = False
    assert "core.W015" in _ids()


@pytest.mark.parametrize("name, value", [("STRIPE_SECRET_KEY", "sk_test_1"), ("STRIPE_WEBHOOK_SECRET", "whsec_1")])
def test_half_of_the_stripe_settings_is_refused(deployed, name, value):
    setattr(deployed, name, value)
    assert "core.E016" in _ids()


def test_a_publishable_stripe_key_is_refused(deployed):
    deployed.STRIPE_SECRET_KEY, deployed.STRIPE_WEBHOOK_SECRET = "pk_test_1", "whsec_1"
    assert "core.E017" in _ids()


def test_a_data_folder_that_cannot_be_written_is_refused(deployed, tmp_path):
    deployed.DATA_DIR = tmp_path / "missing"
    assert "core.E018" in _ids()


def test_a_database_that_does_not_answer_is_named(monkeypatch):
    from django.db import OperationalError, connection

    def refuse() -> None:
        raise OperationalError("connection refused for user with password hunter2")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    messages = list(checks.check_database_answers(databases=["default"]))
    assert [message.id for message in messages] == ["core.E019"]
    assert "hunter2" not in str(messages[0])
    assert list(checks.check_database_answers(databases=None)) == []


def test_a_redis_that_does_not_answer_is_named(deployed):
    deployed.REDIS_URL = "redis://127.0.0.1:1/0"
    assert [message.id for message in checks.check_redis_answers(databases=["default"])] == ["core.E020"]


def test_a_redis_that_answers_passes(deployed, redis_url):
    deployed.REDIS_URL = redis_url
    assert list(checks.check_redis_answers(databases=["default"])) == []


def test_our_own_redis_is_not_asked_before_it_runs(deployed):
    deployed.REDIS_URL, deployed.REDIS_SOCKET = "unix:///nowhere.sock", "/nowhere.sock"
    assert list(checks.check_redis_answers(databases=["default"])) == []
