"""`manage.py up` says in one sentence why it does not start."""

import socket

import pytest
from django.core.management.base import CommandError

from apps.ops.management.commands.up import require_free_port, require_migrated_database


def test_a_used_port_is_named_together_with_the_way_out():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CommandError) as caught:
            require_free_port("127.0.0.1", port)
    assert f"Port {port}" in str(caught.value)
    assert f"PORT={port + 1 if port < 65535 else 8000} make run" in str(caught.value)


def test_a_free_port_is_fine():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    require_free_port("127.0.0.1", port)


@pytest.mark.django_db(transaction=True)
def test_a_migrated_database_is_fine_and_another_is_not(monkeypatch):
    require_migrated_database()
    monkeypatch.setattr(
        "django.db.migrations.executor.MigrationExecutor.migration_plan", lambda self, targets: [("one", False)]
    )
    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        require_migrated_database()
