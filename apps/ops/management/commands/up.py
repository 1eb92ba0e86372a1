"""`manage.py up`: the whole product on this machine, until Ctrl-C."""

import socket
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.ops import processes
from apps.ops.supervisor import AlreadyRunningError, Supervisor, only_one

OLD_REDIS_MAX_S = 5.0


class Command(BaseCommand):
    help = "Starts and supervises Redis, the site, its workers and the clock. Ctrl-C stops them all."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with only_one(Path(settings.DATA_DIR)):
                self._run()
        except AlreadyRunningError:
            raise CommandError(
                f"Lipsmith is already running with the data folder {settings.DATA_DIR}. "
                "Stop it first, or set DATA_DIR to another folder."
            ) from None

    def _run(self) -> None:
        require_migrated_database()
        require_free_port(settings.HOST, settings.PORT)
        if settings.REDIS_SOCKET is not None:
            require_no_old_redis()
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        Supervisor(
            processes.redis_spec(),
            processes.all_but_redis(),
            cwd=Path(settings.BASE_DIR),
            ready_line=f"Lipsmith is ready: {processes.site_address()}",
        ).run()


def require_migrated_database() -> None:
    """Raises CommandError with a sentence when the tables are not those that this version needs."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise CommandError(f"The database does not answer: {error}") from None
    finally:
        connection.close()
    if missing:
        raise CommandError("The database is not up to date. Run `manage.py migrate` first (`make run` does).")


def require_free_port(host: str, port: int) -> None:
    """Raises CommandError with a sentence when nothing can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise CommandError(f"Port {port} may only be used by root. Choose another: PORT=8000 make run") from None
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}): another program listens there. "
                f"Stop that one, or choose another port: PORT={port + 1 if port < 65535 else 8000} make run"
            ) from None


def require_no_old_redis() -> None:
    """A supervisor that was killed leaves its Redis a moment to end."""
    give_up_at = time.monotonic() + OLD_REDIS_MAX_S
    while (pid := processes.redis_pid()) is not None:
        if time.monotonic() > give_up_at:
            raise CommandError(f"A Redis of an earlier start (process {pid}) still runs in the data folder; end it.")
        time.sleep(0.1)
