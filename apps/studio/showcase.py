"""The example on the landing page: a video made by this software, shipped beside the other static files."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

FOLDER = Path("media")


@dataclass(frozen=True)
class Example:
    """Names for `{% static %}`."""

    video: str
    poster: str | None


def example_video() -> Example | None:
    """The example, or None where it has not been made."""
    folder = settings.BASE_DIR / "static" / FOLDER
    if not (folder / "example.mp4").is_file():
        return None
    poster = str(FOLDER / "example.jpg") if (folder / "example.jpg").is_file() else None
    return Example(video=str(FOLDER / "example.mp4"), poster=poster)
