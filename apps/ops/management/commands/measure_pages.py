import argparse
import os

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.ops.page_load import Load, measure
from apps.ops.processes import is_web_healthy


class Command(BaseCommand):
    help = (
        "Measures how quickly the running site (same settings, same PORT) shows a full library to many people at once."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--users", type=int, default=Load.users, help="people at once")
        parser.add_argument("--seconds", type=float, default=Load.seconds, help="how long")
        parser.add_argument("--pause", type=float, default=Load.pause_s, help="seconds between one's pages, on average")
        parser.add_argument("--path", default=Load.path, help="which page")

    def handle(self, *args: object, **options: object) -> None:
        if not is_web_healthy():
            raise CommandError(f"Nothing answers on port {settings.PORT}. Start the site first (`make run`).")
        load = Load(int(options["users"]), float(options["seconds"]), float(options["pause"]), str(options["path"]))  # type: ignore[arg-type,call-overload]
        found = measure(load)
        cpu = found.cpu_ms_each
        self.stdout.write(
            f"{load.path}: {load.users} people, a page every {load.pause_s:g} s each, {len(found.waits_ms)} pages\n"
            f"  answer time   p50 {found.quantile_ms(0.5):.0f} ms, p95 {found.quantile_ms(0.95):.0f} ms,"
            f" longest {max(found.waits_ms, default=float('nan')):.0f} ms; {found.failures} failed\n"
            f"  CPU of the site {'unknown' if cpu is None else f'{cpu:.1f} ms'} a page;"
            f" the machine's load is {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
        )
