"""`manage.py demo`: a talking-photo video from a drawn presenter, without a browser, an account or a running site."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.failures import message_for

PRESENTERS = Path(settings.BASE_DIR) / "static" / "presenters"


class Command(BaseCommand):
    help = "Makes a talking-photo video from a drawn presenter and a sample script, and prints where it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--presenter", help="which one: see static/presenters/presenters.json (default: the first)")
        parser.add_argument("--text", help="what to say instead of the sample script")
        parser.add_argument("--voice", help="which voice says it (default: the sample script's)")
        parser.add_argument("--out", type=Path, help="where the MP4 goes (default: demo.mp4 in the data folder)")

    def handle(self, *args: Any, **options: Any) -> None:
        cast = json.loads((PRESENTERS / "presenters.json").read_text(encoding="utf-8"))
        slugs = [presenter["slug"] for presenter in cast["presenters"]]
        slug = options["presenter"] or slugs[0]
        if slug not in slugs:
            raise CommandError(f"There is no presenter {slug!r}; there are {', '.join(slugs)}.")
        portrait = PRESENTERS / next(each["file"] for each in cast["presenters"] if each["slug"] == slug)
        script = cast["scripts"][0]
        out = (options["out"] or Path(settings.DATA_DIR) / "demo.mp4").resolve()
        out.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "worker", "animate", "--portrait", str(portrait), "--out", str(out)]
        command += ["--text", options["text"] or script["text"], "--voice", options["voice"] or script["voice"]]
        command += ["--max-short-side", "720", "--device", settings.ENGINE_DEVICE]
        self.stdout.write(f"{slug.title()} is learning to speak; this takes about half a minute …")
        done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True)
        if done.returncode != 0:
            raise CommandError(_reason(done.stderr))
        self.stdout.write(self.style.SUCCESS(str(out)))


def _reason(stderr: str) -> str:
    """The catalogue's words for the JSON line with which the command line ends."""
    try:
        failure = json.loads(stderr.strip().splitlines()[-1])
        return message_for(failure["code"], failure.get("detail"))
    except (ValueError, IndexError, KeyError, TypeError):
        return f"The engine stopped: {stderr.strip()[-500:]}"
