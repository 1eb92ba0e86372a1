"""A creator's logo in the frames: where it lies, what it looks like, and which files are none."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from worker.compose.brand_logo import logo_stage, read_logo
from worker.compose.brand_plan import CORNERS, Logo, LogoSpot
from worker.compose.captions.cues import TimedWord
from worker.compose.captions.stage import captions_stage, style_cues
from worker.compose.captions.styles import CaptionStyle
from worker.compose.marks import ai_label_stage
from worker.compose.stages import ComposeOptions, stages_for
from worker.engine.failures import EngineFailure, FailureCode

SIZES = [(512, 512), (720, 1280), (1280, 720), (360, 640)]
PLAIN = {"watermark": False, "label_corner": None}


@pytest.fixture
def logo_file(tmp_path):
    """A blue bar in the middle of much nothing, and what is nothing is red underneath."""
    picture = Image.new("RGBA", (400, 300), (255, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((100, 100, 299, 199), fill=(0, 40, 255, 255))
    path = tmp_path / "logo.png"
    picture.save(path)
    return path


def changed(stages, size):
    width, height = size
    frame = np.full((height, width, 3), 128, np.uint8)
    before = frame.copy()
    for stage in stages:
        frame = stage(frame, 0.2)
    return np.abs(frame.astype(int) - before).max(axis=2) > 8


def logo_at(path, corner, size=0.16, opacity=1.0):
    return Logo(path, "digest", LogoSpot(corner, size), opacity)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("corner", CORNERS)
def test_the_logo_lies_in_its_corner_and_touches_neither_label_nor_captions(logo_file, size, corner):
    width, height = size
    words = [
        TimedWord(word, index * 0.1, index * 0.1 + 0.1) for index, word in enumerate(["two", "lines", "of", "words"])
    ]
    cues = tuple(style_cues(words, CaptionStyle.BOXED))
    for label_corner in CORNERS:
        logo = logo_at(logo_file, corner)
        marked = changed([logo_stage(width, height, logo, label_corner)], size)
        rows, columns = (np.flatnonzero(marked.any(axis=axis)) for axis in (1, 0))
        assert len(rows) and (rows.mean() < height / 2) == corner.startswith("top")
        assert (columns.mean() < width / 2) == corner.endswith("left")
        assert rows[-1] - rows[0] < 0.17 * min(size)
        assert not (marked & changed([ai_label_stage(width, height, label_corner)], size)).any()
        options = ComposeOptions(False, label_corner, captions=cues, caption_style=CaptionStyle.BOXED, logo=logo)
        everything = changed(stages_for(options, width, height), size)
        alone = marked.sum() + changed([ai_label_stage(width, height, label_corner)], size).sum()
        room = changed([captions_stage(width, height, cues, CaptionStyle.BOXED, clear_px=0)], size).sum()
        assert everything.sum() > alone + 0.95 * room  # nothing lies over anything else


def test_its_edge_has_none_of_the_colour_that_nobody_sees_and_its_empty_border_is_cut_off(logo_file):
    frame = np.zeros((512, 512, 3), np.uint8)
    out = logo_stage(512, 512, logo_at(logo_file, "top-left", 0.2), None)(frame, 0.0)
    assert out[..., 0].max() <= 2
    rows = np.flatnonzero(out[..., 2].max(axis=1) > 100)
    assert abs((rows[-1] - rows[0] + 1) - round(0.2 * 512)) <= 2  # the bar itself is as high as was asked for


def test_it_is_as_solid_as_asked_for_and_leaves_all_other_pixels_alone(logo_file):
    frame = np.full((400, 400, 3), 100, np.uint8)
    out = logo_stage(400, 400, logo_at(logo_file, "bottom-right", 0.2, 0.5), None)(frame.copy(), 0.0)
    assert np.abs(out[..., 2].max() - (100 + 255) / 2) < 3
    assert (out[:200] == 100).all() and (out[:, :150] == 100).all()


def test_a_scene_leaves_room_for_a_logo_that_is_drawn_over_the_film_later(logo_file):
    words = [TimedWord("Low", 0.0, 0.5)]
    cues = tuple(style_cues(words, CaptionStyle.BOXED))
    options = ComposeOptions(**PLAIN, captions=cues, caption_style=CaptionStyle.BOXED)
    spot = LogoSpot("bottom-left", 0.3)
    kept_free = ComposeOptions(**PLAIN, captions=cues, caption_style=CaptionStyle.BOXED, reserved_logo=spot)
    lowest = [
        np.flatnonzero(changed(stages_for(one, 512, 512), (512, 512)).any(axis=1))[-1] for one in (options, kept_free)
    ]
    assert lowest[1] < 512 * 0.7 < lowest[0]


def test_segments_are_found_again_wherever_the_logo_lies_but_not_with_another_one(tmp_path):
    one, same, other = Logo(tmp_path / "a", "1"), Logo(tmp_path / "b", "1"), Logo(tmp_path / "a", "2")
    assert repr(one) == repr(same) != repr(other)


def animated():
    stream = io.BytesIO()
    frames = [Image.new("RGBA", (80, 80), (index * 60, 0, 0, 255)) for index in range(3)]
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], duration=50)
    return stream.getvalue()


def png(size, mode="RGBA"):
    stream = io.BytesIO()
    Image.new(mode, size).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        png((90, 90))[:60],
        png((5000, 64)),
        png((64, 64)) + bytes(3 * 2**20),
        animated(),
    ],
    ids=["empty", "text", "svg", "truncated", "wide", "heavy", "animated"],
)
def test_what_is_no_still_png_or_webp_of_a_sensible_size_is_refused(tmp_path, content):
    path = tmp_path / "logo.png"
    path.write_bytes(content)
    with pytest.raises(EngineFailure) as refused:
        read_logo(path)
    assert refused.value.code is FailureCode.FILE_UNREADABLE


def test_odd_but_honest_pictures_are_logos(tmp_path):
    for number, mode in enumerate(["L", "LA", "P", "1", "RGB", "I;16"]):
        path = tmp_path / f"{number}.png"
        path.write_bytes(png((70, 90), mode))
        assert read_logo(path).shape == (90, 70, 4)
    empty = tmp_path / "empty.png"
    empty.write_bytes(png((64, 64)))
    assert not changed([logo_stage(256, 256, logo_at(empty, "top-left"), None)], (256, 256)).any()


@pytest.mark.parametrize("wrong", [{"corner": "middle"}, {"size": 0.5}, {"size": float("nan")}, {"corner": None}])
def test_a_place_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(EngineFailure) as refused:
        LogoSpot(**wrong)
    assert refused.value.code is FailureCode.OPTION_INVALID
