import argparse
import os
import secrets
import subprocess
import sys
import tempfile

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from apps.ops.order_load import OrderLoad, measure_balance, measure_orders


class Command(BaseCommand):
    help = (
        "Measures how quickly exports are priced, reserved and ordered by many people at once, and balances read after "
        "a long history; in an empty database of its own (SQLite, or the one of --database-url)."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--users", type=int, default=OrderLoad.users, help="people at once")
        parser.add_argument("--seconds", type=float, default=OrderLoad.seconds, help="how long")
        parser.add_argument("--pause", type=float, default=OrderLoad.pause_s, help="seconds between one's orders")
        parser.add_argument("--entries", type=int, default=1_000_000, help="length of the history")
        parser.add_argument("--database-url", default="", help="an empty database that may be filled")
        parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)

    def handle(self, *args: object, **options: object) -> None:
        if not options["here"]:
            self._in_its_own_place(options)
            return
        load = OrderLoad(int(options["users"]), float(options["seconds"]), float(options["pause"]))  # type: ignore[arg-type,call-overload]
        found = measure_orders(load)
        entries = int(options["entries"])  # type: ignore[call-overload]
        short_ms, long_ms = measure_balance(entries)
        self.stdout.write(
            f"{connection.vendor}: {load.users} people, an export every {load.pause_s:g} s each,"
            f" {len(found.waits_ms)} orders, {found.failures} failed\n"
            f"  quote + hold + job + wake-up  p50 {found.quantile_ms(0.5):.0f} ms,"
            f" p95 {found.quantile_ms(0.95):.0f} ms\n"
            f"  reading a balance             {short_ms:.1f} ms, with {entries:,} entries {long_ms:.1f} ms\n"
            f"  the machine's load is {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
        )

    def _in_its_own_place(self, options: dict[str, object]) -> None:
        """The same command once more, on a database that may be thrown away."""
        with tempfile.TemporaryDirectory(prefix="lipsmith-measured-") as folder:
            environment = os.environ | {
                "DJANGO_SETTINGS_MODULE": "apps.config.settings",
                "DATA_DIR": folder,
                "DATABASE_URL": str(options["database_url"]),
                "REDIS_URL": settings.REDIS_URL,
                "ENV_FILE": os.devnull,
                "DEBUG": "false",  # as it runs in production: no log of queries is kept
                "SECRET_KEY": secrets.token_hex(32),
                "ALLOWED_HOSTS": "localhost",
                "CONCURRENT_JOBS_MAX": "1000",
            }
            manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
            subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
            again = [f"--{name}={options[name]}" for name in ("users", "seconds", "pause", "entries")]
            done = subprocess.run(
                [*manage, "measure_orders", "--here", *again],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            self.stdout.write(done.stdout)
