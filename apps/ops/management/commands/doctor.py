"""`manage.py doctor`: names what is broken, and what to do about it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from apps.ops.diagnosis import diagnose


class Command(BaseCommand):
    help = "Tries everything Lipsmith needs and names what is broken. Exit status 1 when something is."
    requires_system_checks: list[str] = []  # a broken setting is one of the findings, not a reason to say nothing

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for finding in diagnose():
            word = {True: self.style.SUCCESS("ok    "), False: self.style.ERROR("BROKEN"), None: "–     "}[finding.ok]
            self.stdout.write(f"{word}  {finding.name}: {finding.found}")
            if finding.ok is False:
                broken += 1
                if finding.fix:
                    self.stdout.write(f"        → {finding.fix}")
        self.stdout.write("")
        if broken:
            self.stdout.write(f"{broken} {'thing is' if broken == 1 else 'things are'} broken.")
            sys.exit(1)
        self.stdout.write("Everything that could be tried works.")
