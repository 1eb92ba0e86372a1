import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.uploads.file_types import HEAD_BYTES, Category, extension_for, is_media, sniff
from tests.apps.uploads.conftest import picture, recording


def _ftyp(major: bytes, *brands: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(brands)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\0\0\0\x08moov" * 4


@pytest.mark.parametrize("format_name, content_type", [
    ("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/gif"), ("BMP", "image/bmp"),
    ("TIFF", "image/tiff"), ("AVIF", "image/avif"),
])  # fmt: skip
def test_a_real_picture_is_known(format_name, content_type):
    assert sniff(picture(format_name)[:HEAD_BYTES]).content_type == content_type


def test_a_real_heic_picture_is_known(tmp_path):
    import pillow_heif
    from PIL import Image

    pillow_heif.register_heif_opener()
    Image.new("RGB", (64, 64), "red").save(tmp_path / "x.heic")
    assert sniff((tmp_path / "x.heic").read_bytes()).content_type == "image/heic"


@pytest.mark.parametrize("head, content_type", [
    (recording(), "audio/wav"),
    (b"RF64\xff\xff\xff\xffWAVEds64", "audio/wav"),
    (b"ID3\x04\0\0\0\0\0\0", "audio/mpeg"),
    (b"\xff\xfb\x90\x64" + b"\0" * 100, "audio/mpeg"),
    (b"\xff\xf1\x50\x80\x02\x1f\xfc", "audio/aac"),
    (b"OggS\0\x02", "audio/ogg"),
    (b"fLaC\0\0\0\x22", "audio/flac"),
    (b"FORM\0\0\0\0AIFF", "audio/aiff"),
    (_ftyp(b"M4A ", b"isom"), "audio/mp4"),
    (_ftyp(b"isom", b"mp41"), "video/mp4"),
    (_ftyp(b"qt  "), "video/quicktime"),
    (_ftyp(b"mif1", b"heic"), "image/heic"),
    (_ftyp(b"mif1", b"miaf", b"avif"), "image/avif"),
    (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm"),
    (b"\x1a\x45\xdf\xa3\xa3B\x82\x88matroska", "video/x-matroska"),
    (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
])  # fmt: skip
def test_the_beginning_tells_the_type(head, content_type):
    assert sniff(head).content_type == content_type


@pytest.mark.parametrize("head, word", [
    (b"just some words\n", "text"),
    ("héllo wörld ".encode() * 400, "text"),
    (b"<!DOCTYPE html><script>alert(1)</script>", "web page"),
    (b"\xef\xbb\xbf  <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'>", "SVG"),
    (b"<?xml version='1.0'?><svg></svg>", "SVG"),
    (b"%PDF-1.7\n", "PDF"),
    (b"PK\x03\x04\x14\0", "ZIP"),
    (b"MZ\x90\0", "program"),
    (b"BM is how this text begins, and it is no bitmap", "text"),
    (b"", "text"),
    (b"\xff\xff\xff\xff\xff", "do not know"),
    (b"\xff\xe0\x00\x00", "do not know"),
    (b"RIFF\0\0\0\0EVIL", "do not know"),
])  # fmt: skip
def test_what_is_no_media_is_named_for_what_it_is(head, word):
    found = sniff(head)
    assert found.category is Category.OTHER
    assert word in found.label
    assert not is_media(found.content_type)


def test_text_cut_in_the_middle_of_a_letter_is_still_text():
    assert sniff(("a" * (HEAD_BYTES - 1) + "é").encode()[:HEAD_BYTES]).label == "a text file"


def test_a_picture_with_a_web_page_behind_it_stays_a_picture():
    found = sniff(picture("GIF") + b"<script>alert(1)</script>")
    assert found.content_type == "image/gif"


def test_unknown_types_are_kept_with_a_harmless_ending():
    assert extension_for("text/html") == ".bin"
    assert extension_for("image/jpeg") == ".jpg"


@given(st.binary(max_size=300))
def test_no_beginning_breaks_it(head):
    assert sniff(head).label
