"""The hook that takes files in: hashing, counting, giving up, leaving nothing behind."""

import hashlib
import io
import stat
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http.multipartparser import MultiPartParser
from django.test import RequestFactory

from apps.uploads.receiving import ReceivedFile, ReceivingUploadHandler


@pytest.fixture
def parse(settings, db):
    def post(data: bytes, name: str = "me.jpg") -> ReceivedFile:
        file = SimpleUploadedFile(name, data, content_type="image/jpeg")
        request = RequestFactory().post("/", {"kind": "portrait", "file": file})
        return request.FILES["file"]

    return post


def test_a_file_is_hashed_and_kept_privately_on_disk(parse, settings):
    data = bytes(range(256)) * 4096
    received = parse(data)
    path = Path(received.temporary_file_path())
    assert path.parent == settings.INCOMING_DIR
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (received.size, received.sha256, received.refusal) == (len(data), hashlib.sha256(data).hexdigest(), "")
    assert received.read() == data


def test_closing_it_takes_the_file_away(parse, settings):
    parse(b"x" * 1000).close()
    assert list(settings.INCOMING_DIR.iterdir()) == []


def test_too_many_bytes_are_counted_but_not_kept(parse, settings):
    settings.MAX_UPLOAD_BYTES = 1000
    received = parse(b"x" * 500_000)
    assert received.refusal == "upload_too_large"
    assert received.size == 500_000
    assert Path(received.temporary_file_path()).stat().st_size == 0


def test_a_full_disk_is_noted(parse):
    with patch("tempfile._TemporaryFileWrapper.write", side_effect=OSError(28, "No space left"), create=True):
        assert parse(b"x" * 1000).refusal == "disk_full"


def test_a_body_that_breaks_off_leaves_no_file(settings, db):
    body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + b"x" * 100_000
    meta = {"CONTENT_TYPE": "multipart/form-data; boundary=b", "CONTENT_LENGTH": str(len(body) + 5000)}

    class BreaksOff(io.BytesIO):
        def read(self, size: int = -1) -> bytes:
            chunk = super().read(size)
            if not chunk:
                raise ConnectionResetError
            return chunk

    handler = ReceivingUploadHandler(RequestFactory().get("/"))
    with pytest.raises(ConnectionResetError):
        MultiPartParser(meta, BreaksOff(body), [handler]).parse()
    for path in settings.INCOMING_DIR.iterdir():  # the parser does not tell its handlers about this: the sweep does it
        assert path.name.startswith("upload-")


@pytest.mark.parametrize("name", ["x" * 400 + ".jpg", "../../evil.jpg", "a/b\\c.jpg", "\u202egnp.jpg", "..", "👻.jpg"])
def test_hostile_names_do_not_reach_the_disk(settings, db, name):
    body = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\ndata\r\n--b--\r\n'.encode()
    request = RequestFactory().generic("POST", "/", body, content_type="multipart/form-data; boundary=b")
    for received in request.FILES.values():
        assert Path(received.temporary_file_path()).parent == settings.INCOMING_DIR
    assert all(path.name.startswith("upload-") for path in settings.INCOMING_DIR.iterdir())


def test_a_name_too_long_for_any_file_system_is_a_bad_request(client, alice):
    client.force_login(alice)
    file = SimpleUploadedFile("x", b"data")
    file._name = "x" * 10_000 + ".jpg"
    response = client.post("/api/v1/assets", {"kind": "portrait", "file": file})
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_request"
