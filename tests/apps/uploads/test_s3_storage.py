"""Files on S3: against a small double that speaks as much of its HTTP as we use, and wants requests signed."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import storages

from apps.core.failures import SiteFailure
from apps.uploads import services
from apps.uploads.models import Asset
from tests.apps.uploads.conftest import picture


class _Double(BaseHTTPRequestHandler):
    objects: dict[str, bytes]
    is_broken = False

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", headers.get("length", str(len(body))))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _is_refused(self) -> bool:
        if self.is_broken or "AWS4-HMAC-SHA256" not in self.headers.get("Authorization", ""):
            self._answer(403, b"<Error><Code>AccessDenied</Code></Error>")
            return True
        return False

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._is_refused():
            return
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            body = _unchunked(body)
        assert self.headers["x-amz-acl"] == "private"
        self.objects[urlsplit(self.path).path] = body
        self._answer(200, ETag='"x"')

    def do_GET(self) -> None:
        if self._is_refused():
            return
        body = self.objects.get(urlsplit(self.path).path)
        if body is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif match := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(match[1]), min(int(match[2] or len(body)), len(body) - 1)
            span = f"bytes {first}-{last}/{len(body)}"
            self._answer(206, body[first : last + 1], **{"Content-Range": span, "ETag": '"x"'})
        else:
            self._answer(200, body, ETag='"x"')

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        if not self._is_refused():
            self.objects.pop(urlsplit(self.path).path, None)
            self._answer(204)

    def log_message(self, *_: object) -> None:
        """The tests' output is not the place."""


def _unchunked(body: bytes) -> bytes:
    data = b""
    while True:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            return data
        data, body = data + rest[:length], rest[length + 2 :]


@pytest.fixture
def bucket(settings, db) -> Iterator[type[_Double]]:
    double = type("Double", (_Double,), {"objects": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), double)
    Thread(target=server.serve_forever, daemon=True).start()
    options = {
        "bucket_name": "files", "endpoint_url": f"http://127.0.0.1:{server.server_port}", "region_name": "eu-west-1",
        "access_key": "AKIAEXAMPLE", "secret_key": "secret", "default_acl": "private", "querystring_auth": True,
        "file_overwrite": False, "signature_version": "s3v4", "addressing_style": "path",
    }  # fmt: skip
    settings.S3_BUCKET = "files"
    s3 = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": s3}
    assert type(storages["default"]).__name__ == "S3Storage"
    yield double
    server.shutdown()
    server.server_close()


def test_an_upload_goes_there_and_comes_back(bucket, upload, alice, tmp_path):
    asset = upload(alice, picture())
    assert bucket.objects == {f"/files/{asset.storage_key}": picture()}
    path = services.local_copy(asset, tmp_path)
    assert path.read_bytes() == picture()
    with services.open_asset(asset) as file:
        assert file.read(3) == b"\xff\xd8\xff"


def test_an_output_goes_there(bucket, alice, tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(b"video" * 1000)
    asset = services.store_output(alice, Asset.Kind.OUTPUT, path, key="jobs/1", content_type="video/mp4")
    assert bucket.objects[f"/files/{asset.storage_key}"] == b"video" * 1000


def test_deleting_deletes_there(bucket, upload, alice, django_capture_on_commit_callbacks):
    asset = upload(alice, picture())
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_asset(asset)
    assert bucket.objects == {}


def test_when_it_refuses_the_creator_is_told_and_nothing_stays(bucket, upload, alice):
    bucket.is_broken = True
    with pytest.raises(SiteFailure) as caught:
        upload(alice, picture())
    assert caught.value.code == "storage_unavailable"
    assert Asset.objects.count() == 0


def test_when_it_cannot_be_reached_a_deleted_row_stays_deleted(
    bucket, upload, alice, django_capture_on_commit_callbacks
):
    asset = upload(alice, picture())
    bucket.is_broken = True
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_asset(asset)
    assert Asset.objects.count() == 0
