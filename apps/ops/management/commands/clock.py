"""`manage.py clock`: everything that happens by itself after a while."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from apps.ops.clock import run_clock


class Command(BaseCommand):
    help = "Re-runs jobs of lost workers, sends lost wake-ups again, and cleans up. Run exactly one."

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        run_clock(stopped)
