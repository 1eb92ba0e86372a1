"""Small real files, made in memory."""

import io
import wave
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.uploads.models import Asset
from apps.uploads.services import receive_upload


def picture(format_name: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 90).save(file, format_name)
    return file.getvalue()


def recording(seconds: float = 0.5, rate_hz: int = 16000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(b"\x10\x20" * round(seconds * rate_hz))
    return file.getvalue()


@pytest.fixture
def upload() -> Callable[..., Asset]:
    """Receive a file the way the API does."""

    def receive(user: Any, data: bytes = b"", *, kind: str = "portrait", name: str = "me.jpg") -> Asset:
        return receive_upload(user, kind, SimpleUploadedFile("ignored", data), name)

    return receive


@pytest.fixture
def portrait(upload, alice) -> Asset:
    return upload(alice, picture())


@pytest.fixture
def stored_files(settings) -> Callable[[], list]:
    return lambda: sorted(path for path in settings.MEDIA_DIR.rglob("*") if path.is_file())
