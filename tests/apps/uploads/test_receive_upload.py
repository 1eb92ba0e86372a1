import hashlib
import io
import stat
from unittest.mock import patch

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.core.failures import SiteFailure
from apps.credits.services import grant
from apps.uploads import services
from apps.uploads.models import Asset
from apps.uploads.signals import asset_received
from tests.apps.uploads.conftest import picture, recording


def _refused(upload, *arguments, **options) -> SiteFailure:
    with pytest.raises(SiteFailure) as caught:
        upload(*arguments, **options)
    return caught.value


@pytest.fixture
def announced():
    seen = []

    def note(*, asset, **_):
        seen.append(asset)

    asset_received.connect(note)
    yield seen
    asset_received.disconnect(note)


def test_a_portrait_is_stored_and_announced(upload, alice, announced, stored_files):
    data = picture(size=(640, 480))
    asset = upload(alice, data, name="../Me & you.JPG")
    asset.refresh_from_db()
    assert (asset.state, asset.kind, asset.content_type) == ("checking", "portrait", "image/jpeg")
    assert (asset.width_px, asset.height_px, asset.size_bytes) == (640, 480, len(data))
    assert asset.sha256 == hashlib.sha256(data).hexdigest()
    assert asset.original_name == "Me & you.JPG"
    assert [found.pk for found in announced] == [asset.pk]
    assert [path.read_bytes() for path in stored_files()] == [data]


def test_a_voice_is_stored(upload, alice):
    asset = upload(alice, recording(), kind="voice", name="hello.wav")
    assert (asset.state, asset.content_type) == ("checking", "audio/wav")


def test_a_video_is_welcome_as_a_voice(upload, alice):
    head = b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + b"\0" * 64
    assert upload(alice, head, kind="voice").content_type == "video/mp4"


def test_only_we_can_read_the_file_and_nobody_can_guess_where_it_is(portrait, stored_files):
    (path,) = stored_files()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(path.stem) >= 32
    assert "me" not in portrait.storage_key
    assert str(portrait.pk) not in portrait.storage_key


def test_the_same_file_twice_is_welcome(upload, alice):
    first, second = upload(alice, picture()), upload(alice, picture())
    assert first.sha256 == second.sha256
    assert first.storage_key != second.storage_key


@pytest.mark.parametrize("kind, data, code", [
    ("portrait", b"", "file_empty"),
    ("voice", b"", "file_empty"),
    ("portrait", b"hello, this is text", "unsupported_type"),
    ("voice", b"text renamed to look like a video" * 9, "unsupported_type"),
    ("portrait", b"<svg onload='alert(1)'/>", "unsupported_type"),
    ("portrait", recording(), "unsupported_type"),
    ("voice", picture(), "unsupported_type"),
    ("portrait", b"\0\0\0\x18ftypisom\0\0\0\0isommp41", "picture_is_video"),
    ("portrait", b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "picture_is_video"),
    ("portrait", picture()[:60], "file_unreadable"),
    ("portrait", b"\xff\xd8\xff" + b"\0" * 500, "file_unreadable"),
    ("portrait", b"\x89PNG\r\n\x1a\n" + b"\xff" * 500, "file_unreadable"),
    ("clip", picture(), "unsupported_type"),
    ("output", picture(), "option_invalid"),
])  # fmt: skip
def test_a_wrong_file_is_refused_and_leaves_nothing(upload, alice, stored_files, announced, kind, data, code):
    failure = _refused(upload, alice, data, kind=kind, name="innocent.mp4")
    assert failure.code == code
    assert Asset.objects.count() == 0
    assert stored_files() == []
    assert announced == []


def test_a_video_as_a_portrait_is_told_what_to_do(upload, alice):
    failure = _refused(upload, alice, b"\0\0\0\x18ftypisom\0\0\0\0isommp41")
    assert "an MP4 video" in failure.sentence
    assert "screenshot" in failure.next_step


def _png_claiming(width: int, height: int) -> bytes:
    import struct
    import zlib

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(20_000, 20_000), (2**31 - 1, 2**31 - 1), (1_000_000, 200)])
def test_a_decompression_bomb_is_refused_by_its_header(upload, alice, size):
    assert _refused(upload, alice, _png_claiming(*size)).code == "image_too_many_pixels"


def test_a_sixty_megapixel_picture_is_left_to_preflight(upload, alice):
    assert upload(alice, _png_claiming(9000, 6700)).width_px == 9000


def test_a_file_above_the_limit_is_refused_with_both_numbers(upload, alice, settings):
    settings.MAX_UPLOAD_BYTES = settings.MAX_BUYER_UPLOAD_BYTES = 1024 * 1024
    failure = _refused(upload, alice, recording(60), kind="voice")
    assert failure.code == "upload_too_large"
    assert "2 MB" in failure.sentence and "1 MB" in failure.sentence


def test_pictures_have_a_limit_of_their_own(upload, alice, settings):
    settings.MAX_PICTURE_BYTES = 1000
    assert _refused(upload, alice, picture("BMP")).code == "upload_too_large"


def test_a_full_quota_is_refused_with_its_numbers(upload, alice, bob, settings):
    data = picture()
    settings.QUOTA_BYTES = len(data) * 2
    upload(alice, data)
    second = upload(alice, data)
    assert _refused(upload, alice, data).code == "quota_full"
    upload(bob, data)  # somebody else's quota is not touched
    services.delete_asset(second)
    upload(alice, data)


def test_a_full_disk_is_said_and_leaves_nothing(upload, alice, stored_files):
    with patch("django.core.files.storage.FileSystemStorage._save", side_effect=OSError(28, "No space left")):
        assert _refused(upload, alice, picture()).code == "disk_full"
    assert Asset.objects.count() == 0
    assert stored_files() == []


def test_an_upload_that_was_swept_while_it_was_stored_is_interrupted(upload, alice, stored_files):
    original = services._store

    def store_and_lose(asset, file):
        original(asset, file)
        Asset.objects.filter(pk=asset.pk).delete()

    with patch.object(services, "_store", store_and_lose):
        assert _refused(upload, alice, picture()).code == "upload_interrupted"
    assert stored_files() == []


def test_when_preflight_cannot_be_ordered_nothing_stays(upload, alice, stored_files):
    def refuse(**_):
        raise SiteFailure("too_many_jobs")

    asset_received.connect(refuse)
    try:
        assert _refused(upload, alice, picture()).code == "too_many_jobs"
    finally:
        asset_received.disconnect(refuse)
    assert Asset.objects.count() == 0
    assert stored_files() == []


def test_any_file_object_can_be_received(alice):
    asset = services.receive_upload(alice, "portrait", ContentFile(picture(), name="x"), "x.jpg")
    assert asset.state == "checking"


_PICTURES = ["PNG RGBA", "PNG P", "PNG I;16", "JPEG CMYK", "GIF P", "TIFF RGB", "WEBP RGB", "AVIF RGB", "MPO RGB"]


@pytest.mark.parametrize("format_and_mode", _PICTURES)
def test_every_kind_of_picture_comes_in(upload, alice, format_and_mode):
    format_name, mode = format_and_mode.split()
    assert upload(alice, picture(format_name, mode=mode)).width_px == 640


def test_a_heic_picture_comes_in(upload, alice):
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, "HEIF")
    asset = upload(alice, file.getvalue())
    assert (asset.content_type, asset.width_px, asset.height_px) == ("image/heic", 64, 48)


def test_a_lying_content_type_changes_nothing(alice):
    lying = SimpleUploadedFile("x.png", picture("GIF"), content_type="image/png")
    assert services.receive_upload(alice, "portrait", lying, "x.png").content_type == "image/gif"


def test_who_ever_bought_credits_may_upload_larger_files_and_others_are_told_so(upload, alice, settings):
    settings.MAX_UPLOAD_BYTES, settings.MAX_BUYER_UPLOAD_BYTES = 1024 * 1024, 4 * 1024 * 1024
    failure = _refused(upload, alice, recording(60), kind="voice")
    assert failure.code == "upload_too_large_for_free"
    assert "4 MB once you have bought credits" in failure.sentence
    grant(alice, 5, pool="grant", key="gift")
    assert _refused(upload, alice, recording(60), kind="voice").code == "upload_too_large_for_free"
    grant(alice, 100, pool="pack", key="pack")
    assert upload(alice, recording(60), kind="voice").size_bytes > 1024 * 1024
    settings.MAX_BUYER_UPLOAD_BYTES = 1024 * 1024
    assert _refused(upload, alice, recording(60), kind="voice").code == "upload_too_large"
