"""Contact sheets."""

import cv2
import numpy as np
import pytest

from tests import synth
from worker.compose.sheets import GAP_PX, contact_sheet
from worker.engine.failures import EngineFailure, FailureCode


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """One second that steps from closed to wide open half way."""
    path = tmp_path_factory.mktemp("sheet") / "clip.mp4"
    return synth.drawn_talking_clip(path, 1.0, aperture=lambda t: 0.0 if t < 0.5 else 0.3)


def tile(sheet, column, row, width, height):
    y, x = GAP_PX + row * (height + GAP_PX), GAP_PX + column * (width + GAP_PX)
    return sheet[y : y + height, x : x + width]


def test_a_sheet_holds_the_frames_in_order(clip, tmp_path):
    out = tmp_path / "sheet.png"
    size = contact_sheet(clip.path, out, 2, 2, tile_width_px=128, captions=False)
    sheet = cv2.imread(str(out))
    assert sheet.shape[:2] == size[::-1] == (2 * (160 + GAP_PX) + GAP_PX, 2 * (128 + GAP_PX) + GAP_PX)
    first, second, third, fourth = (tile(sheet, c, r, 128, 160).astype(int) for r in (0, 1) for c in (0, 1))
    assert np.abs(first - second).mean() < 1.5 and np.abs(third - fourth).mean() < 1.5
    assert np.abs(second - third)[80:120].mean() > 3 * np.abs(first - second)[80:120].mean() + 1.0


def test_zooming_cuts_one_square_around_the_face(clip, tmp_path):
    out = tmp_path / "face.png"
    width, height = contact_sheet(clip.path, out, 3, 1, zoom_to_face=True, tile_width_px=100, captions=False)
    assert (width, height) == (3 * 106 + 6, 112)
    mouth_row = tile(cv2.imread(str(out)), 1, 0, 100, 100)
    assert mouth_row.std() > 20  # a face, not the wall


def test_a_turned_clip_stands_upright_in_its_sheet(tmp_path):
    turned = synth.drawn_talking_clip(tmp_path / "turned.mp4", 0.2, aperture=lambda t: 0.0, rotation_deg=90)
    width, height = contact_sheet(turned.path, tmp_path / "s.png", 1, 1, tile_width_px=128)
    assert (width, height) == (128 + 2 * GAP_PX, 160 + 2 * GAP_PX)


def test_a_short_clip_repeats_frames_rather_than_failing(clip, tmp_path):
    contact_sheet(clip.path, tmp_path / "many.png", 8, 8, tile_width_px=32)
    assert cv2.imread(str(tmp_path / "many.png")).shape[1] == 8 * 38 + 6


@pytest.mark.parametrize("wrong", [{"columns": 0}, {"rows": 0}, {"columns": 100, "rows": 100}, {"tile_width_px": 4}])
def test_senseless_grids_are_refused(clip, tmp_path, wrong):
    with pytest.raises(EngineFailure) as refusal:
        contact_sheet(clip.path, tmp_path / "no.png", **wrong)
    assert refusal.value.code is FailureCode.OPTION_INVALID
    assert not (tmp_path / "no.png").exists()


def test_times_outside_the_clip_are_refused(clip, tmp_path):
    with pytest.raises(EngineFailure) as refusal:
        contact_sheet(clip.path, tmp_path / "no.png", start_s=5.0)
    assert refusal.value.code is FailureCode.OPTION_INVALID


def test_zooming_into_a_clip_without_a_face_says_so(tmp_path):
    path = tmp_path / "hills.mp4"
    synth.write_clip(path, [synth.drawn_landscape(320, 240)] * 10)
    with pytest.raises(EngineFailure) as refusal:
        contact_sheet(path, tmp_path / "no.png", zoom_to_face=True)
    assert refusal.value.code is FailureCode.NO_FACE


def test_a_sound_or_a_missing_file_is_refused(tmp_path):
    sound = synth.write_audio(tmp_path / "tone.wav", synth.tone(0.5))
    with pytest.raises(EngineFailure) as refusal:
        contact_sheet(sound, tmp_path / "no.png")
    assert refusal.value.code is FailureCode.NO_VIDEO_STREAM
    with pytest.raises(EngineFailure) as refusal:
        contact_sheet(tmp_path / "nothing.mp4", tmp_path / "no.png")
    assert refusal.value.code is FailureCode.FILE_MISSING
