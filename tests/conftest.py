"""Fixtures shared by every test."""

import os
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """The folder of real portraits, voices and clips; tests that need it are skipped, loudly, without it."""
    folder = Path(os.environ.get("SHARED_MEDIA", REPO.parent / "shared" / "media"))
    if not (folder / "MEDIA.csv").is_file():
        pytest.skip(f"real media not found at {folder} (set SHARED_MEDIA)")
    return folder
