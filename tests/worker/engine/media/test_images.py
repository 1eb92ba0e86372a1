import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.synth import drawn_portrait, tone, write_audio
from worker.engine.contracts import MAX_IMAGE_PIXELS
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.images import MAX_LONG_SIDE_PX, load_image


def halves(width=96, height=80, left=(200, 40, 40), right=(40, 60, 200)) -> np.ndarray:
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[:, : width // 2], rgb[:, width // 2 :] = left, right
    return rgb


def refusal(path) -> EngineFailure:
    with pytest.raises(EngineFailure) as caught:
        load_image(path)
    return caught.value


def test_an_ordinary_picture_comes_back_as_it_is(tmp_path):
    rgb = drawn_portrait()
    Image.fromarray(rgb).save(tmp_path / "a.png")
    loaded = load_image(tmp_path / "a.png")
    assert np.array_equal(loaded.rgb, rgb)
    assert (loaded.format, loaded.frames, loaded.alpha, loaded.scale) == ("PNG", 1, None, 1.0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_shown_upright(tmp_path, orientation):
    upright = halves(120, 80)
    upright[:20] = (250, 250, 250)  # a bright band on top tells up from down, red on the left tells left from right
    inverse = {
        1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a), 7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }  # fmt: skip
    image = Image.fromarray(np.ascontiguousarray(inverse[orientation](upright)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "a.png", exif=exif)
    loaded = load_image(tmp_path / "a.png")
    assert np.array_equal(loaded.rgb, upright)
    assert (loaded.source_width_px, loaded.source_height_px) == (120, 80)
    assert loaded.orientation_applied == (orientation != 1)


def test_the_name_of_a_file_means_nothing(tmp_path):
    Image.fromarray(halves()).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.jpg")
    assert load_image(tmp_path / "a.jpg").format == "PNG"


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA", "CMYK"])
def test_every_colour_mode_becomes_rgb(tmp_path, mode):
    suffix = "tif" if mode == "CMYK" else "png"
    Image.fromarray(halves(left=(0, 0, 0), right=(255, 255, 255))).convert(mode).save(tmp_path / f"a.{suffix}")
    rgb = load_image(tmp_path / f"a.{suffix}").rgb
    assert rgb.shape == (80, 96, 3)
    assert rgb[:, :40].max() < 40
    assert rgb[:, 56:].min() > 215


def test_sixteen_bit_grey_keeps_its_tones(tmp_path):
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (64, 1))
    Image.fromarray(ramp).save(tmp_path / "a.png")
    grey = load_image(tmp_path / "a.png").rgb[0, :, 0].astype(int)
    assert np.abs(grey - np.arange(256)).max() <= 1


def test_a_wide_gamut_picture_is_brought_to_srgb(tmp_path):
    swapped = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    lab = Image.new("LAB", (96, 96), (128, 128, 128))  # neutral, L* = 50
    lab.save(tmp_path / "a.tif", icc_profile=swapped.tobytes())
    rgb = load_image(tmp_path / "a.tif").rgb.reshape(-1, 3).mean(0)
    assert np.ptp(rgb) < 8
    assert 105 < rgb.mean() < 132  # L* 50 is sRGB 119


def test_a_broken_colour_profile_is_ignored(tmp_path):
    Image.fromarray(halves()).save(tmp_path / "a.png", icc_profile=b"not a profile")
    assert np.array_equal(load_image(tmp_path / "a.png").rgb, halves())


def test_what_is_transparent_never_shows_and_alpha_is_kept_apart(tmp_path):
    rgba = np.dstack([halves(left=(255, 0, 255)), np.full((80, 96), 255, np.uint8)])
    rgba[:, :48, 3] = 0
    Image.fromarray(rgba).save(tmp_path / "a.png")
    loaded = load_image(tmp_path / "a.png")
    assert loaded.alpha is not None and loaded.alpha[0, 0] == 0 and loaded.alpha[0, -1] == 255
    backdrop = loaded.rgb[:, :48].astype(int)
    assert np.ptp(backdrop, axis=2).max() < 16  # neutral, not the magenta hidden there
    assert backdrop[0].mean() > backdrop[-1].mean() > 190
    assert np.array_equal(loaded.rgb[:, 48:], rgba[:, 48:, :3])


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_an_animation_gives_its_first_frame(tmp_path, suffix):
    first, second = (Image.fromarray(np.full((80, 96, 3), v, np.uint8)) for v in (30, 220))
    first.save(tmp_path / f"a.{suffix}", save_all=True, append_images=[second], duration=100, lossless=True)
    loaded = load_image(tmp_path / f"a.{suffix}")
    assert loaded.frames == 2
    assert loaded.rgb.max() < 60


def test_a_sixty_megapixel_photo_is_scaled_while_it_is_read(tmp_path):
    Image.new("RGB", (9000, 6700), (90, 120, 60)).save(tmp_path / "a.jpg", quality=50)
    loaded = load_image(tmp_path / "a.jpg")
    assert max(loaded.rgb.shape) == MAX_LONG_SIDE_PX
    assert (loaded.source_width_px, loaded.source_height_px) == (9000, 6700)
    assert loaded.scale == pytest.approx(MAX_LONG_SIDE_PX / 9000)
    assert np.abs(loaded.rgb.reshape(-1, 3).mean(0) - (90, 120, 60)).max() < 3


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(12_000, 11_000), (60_000, 60_000)])
def test_a_bomb_is_refused_from_its_header(tmp_path, size):
    assert size[0] * size[1] > MAX_IMAGE_PIXELS
    (tmp_path / "bomb.png").write_bytes(png_header(*size))
    assert refusal(tmp_path / "bomb.png").code is FailureCode.IMAGE_TOO_MANY_PIXELS


def test_a_thumbnail_is_too_small_and_says_how_small(tmp_path):
    Image.new("RGB", (40, 200)).save(tmp_path / "a.png")
    failure = refusal(tmp_path / "a.png")
    assert failure.code is FailureCode.IMAGE_TOO_SMALL
    assert failure.detail["width_px"] == 40


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif"])
def test_a_picture_cut_off_is_unreadable(tmp_path, suffix):
    buffer = io.BytesIO()
    Image.fromarray(drawn_portrait()).save(buffer, "jpeg" if suffix == "jpg" else suffix)
    (tmp_path / "cut").write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 3])
    assert refusal(tmp_path / "cut").code is FailureCode.FILE_UNREADABLE


def test_an_empty_a_missing_and_a_nonsense_file_are_told_apart(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "nonsense.jpg").write_bytes(b"hello " * 100)
    assert refusal(tmp_path / "empty.jpg").code is FailureCode.FILE_EMPTY
    assert refusal(tmp_path / "none.jpg").code is FailureCode.FILE_MISSING
    assert refusal(tmp_path / "nonsense.jpg").code is FailureCode.FILE_UNREADABLE
    assert refusal(tmp_path).code is FailureCode.FILE_UNREADABLE
    assert refusal("nul\0byte.jpg").code is FailureCode.FILE_MISSING


def test_a_sound_is_not_a_picture(tmp_path):
    failure = refusal(write_audio(tmp_path / "a.wav", tone(0.5)))
    assert failure.code is FailureCode.FILE_WRONG_KIND
    assert failure.detail == {"found": "sound", "needed": "picture"}


def test_postscript_is_never_run(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\nshowpage\n")
    assert refusal(tmp_path / "a.jpg").code is FailureCode.FILE_UNREADABLE
