"""The watermark and the AI label."""

import pickle
import time

import numpy as np
import pytest

from worker.compose.marks import (
    CORNERS,
    ai_label_stage,
    label_place,
    lattice,
    pill_patch,
    watermark_stage,
    wordmark_patch,
)
from worker.compose.stages import ComposeOptions, stages_for
from worker.engine.failures import EngineFailure, FailureCode

SIZES = [(512, 512), (720, 1280), (1280, 720), (1080, 1920), (320, 400), (64, 64)]


def flat(width_px, height_px, value=128):
    return np.full((height_px, width_px, 3), value, np.uint8)


def changed(stage, width_px, height_px, value=128):
    return np.abs(stage(flat(width_px, height_px, value), 0.0).astype(int) - value).max(axis=2) > 8


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", [0, 1, 2, 3, 17])
def test_every_large_crop_still_shows_most_of_a_mark(size, seed):
    width, height = size
    short = min(size)
    mark = wordmark_patch(max(9, round(short * 0.05)))
    places = lattice(width, height, mark.size_px, seed)
    w, h = mark.size_px
    window = round(0.75 * short)
    for x0 in np.linspace(0, width - window, 9):
        for y0 in np.linspace(0, height - window, 9):
            seen = max(
                max(0, min(x + w, x0 + window) - max(x, x0)) * max(0, min(y + h, y0 + window) - max(y, y0))
                for x, y in places
            )
            assert seen >= 0.5 * w * h, (x0, y0)


@pytest.mark.parametrize("size", SIZES)
def test_marks_lie_whole_inside_the_frame(size):
    mark = wordmark_patch(max(9, round(min(size) * 0.05)))
    for x, y in lattice(*size, mark.size_px, seed=5):
        assert x >= 0 and y >= 0 and x + mark.size_px[0] <= size[0] and y + mark.size_px[1] <= size[1]


def test_the_middle_of_an_upright_portrait_stays_free():
    touched = changed(watermark_stage(720, 1280), 720, 1280)
    assert not touched[:, 250:470].any()
    assert touched.any()


@pytest.mark.parametrize("value", [0, 20, 90, 128, 200, 255])
def test_the_watermark_can_be_seen_on_any_ground(value):
    touched = np.abs(watermark_stage(512, 512)(flat(512, 512, value), 0.0).astype(int) - value).max(axis=2)
    assert (touched > 30).sum() > 400


def test_the_watermark_is_see_through_and_leaves_most_pixels_alone():
    ramp = np.repeat(np.tile(np.arange(512, dtype=np.int64) // 2, (512, 1))[..., None], 3, axis=2).astype(np.uint8)
    out = watermark_stage(512, 512)(ramp.copy(), 0.0)
    difference = np.abs(out.astype(int) - ramp.astype(int)).max(axis=2)
    assert difference.max() < 150
    assert (difference > 0).mean() < 0.12


def test_blending_agrees_with_exact_arithmetic():
    patch = pill_patch("AI-generated", 26)
    stage = ai_label_stage(512, 512, "top-left")
    rng = np.random.default_rng(1)
    frame = rng.integers(0, 256, (512, 512, 3), dtype=np.uint8)
    x, y = label_place(512, 512, patch.size_px, "top-left")
    w, h = patch.size_px
    alpha = patch.alpha[..., None] / 255.0
    expected = frame[y : y + h, x : x + w] * (1 - alpha) + patch.rgb * alpha
    out = stage(frame.copy(), 0.0)
    assert np.abs(out[y : y + h, x : x + w] - expected).max() <= 1.5
    outside = np.ones((512, 512), bool)
    outside[y : y + h, x : x + w] = False
    assert np.array_equal(out[outside], frame[outside])


def test_frames_are_changed_in_place_unless_they_are_read_only():
    stage = watermark_stage(256, 256)
    frame = flat(256, 256)
    assert stage(frame, 0.0) is frame
    locked = flat(256, 256)
    locked.setflags(write=False)
    out = stage(locked, 0.0)
    assert out is not locked and (locked == 128).all() and (out != 128).any()


@pytest.mark.parametrize("corner", CORNERS)
@pytest.mark.parametrize("size", [(512, 512), (1280, 720), (720, 1280)])
def test_the_label_sits_in_its_corner(corner, size):
    width, height = size
    rows, columns = np.nonzero(changed(ai_label_stage(width, height, corner), width, height))
    assert rows.size > 100
    assert (columns.mean() < width / 2) == corner.endswith("left")
    assert (rows.mean() < height / 2) == corner.startswith("top")


def test_on_upright_video_the_label_keeps_clear_of_what_phones_lay_over_it():
    rows, columns = np.nonzero(changed(ai_label_stage(1080, 1920, "bottom-right"), 1080, 1920))
    assert rows.max() < 0.80 * 1920 and columns.max() < 0.88 * 1080
    rows, _ = np.nonzero(changed(ai_label_stage(1080, 1920, "top-left"), 1080, 1920))
    assert rows.min() > 0.08 * 1920


@pytest.mark.parametrize("value", [0, 128, 255])
def test_the_label_is_readable_on_any_ground(value):
    width = height = 512
    patch = pill_patch("AI-generated", round(512 * 0.05))
    x, y = label_place(width, height, patch.size_px, "top-left")
    out = ai_label_stage(width, height, "top-left")(flat(width, height, value), 0.0)
    pill = out[y : y + patch.size_px[1], x : x + patch.size_px[0]].mean(axis=2)
    inner = pill[4:-4, 10:-10]
    light, dark = np.percentile(inner, 97) / 255, np.percentile(inner, 30) / 255
    contrast = (light**2.2 + 0.05) / (dark**2.2 + 0.05)
    assert contrast >= 4.5


def test_marks_scale_with_the_short_side():
    small, large = wordmark_patch(26).size_px[0], wordmark_patch(104).size_px[0]
    assert large / small == pytest.approx(4.0, rel=0.05)


def test_the_seed_moves_the_marks_and_the_same_seed_does_not():
    one, same, other = (watermark_stage(512, 512, seed=s)(flat(512, 512), 0.0) for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("corner", ["middle", "", "TOP-LEFT", "top left"])
def test_an_unknown_corner_is_refused(corner):
    with pytest.raises(EngineFailure) as refusal:
        ai_label_stage(512, 512, corner)
    assert refusal.value.code is FailureCode.OPTION_INVALID
    with pytest.raises(EngineFailure):
        ComposeOptions(label_corner=corner)


def test_frames_too_small_for_a_mark_are_refused():
    with pytest.raises(EngineFailure):
        watermark_stage(16, 500)
    with pytest.raises(EngineFailure):
        ai_label_stage(500, 16)


@pytest.mark.parametrize("frame", [np.zeros((512, 500, 3), np.uint8), np.zeros((512, 512, 3), np.float32)])
def test_a_frame_of_another_shape_or_type_is_a_bug_and_says_so(frame):
    with pytest.raises(ValueError, match="expected"):
        watermark_stage(512, 512)(frame, 0.0)


def test_options_travel_between_processes_and_decide_the_stages():
    options = ComposeOptions(watermark=True, label_corner="top-right", seed=4)
    assert pickle.loads(pickle.dumps(options)) == options
    assert len(stages_for(options, 512, 512)) == 2
    assert len(stages_for(ComposeOptions(watermark=False), 512, 512)) == 1
    assert stages_for(ComposeOptions(watermark=False, label_corner=None), 512, 512) == []


def test_marking_a_frame_costs_little():
    stages = stages_for(ComposeOptions(), 512, 512)
    frame = flat(512, 512)
    took = []
    for _ in range(60):
        start = time.thread_time()
        for stage in stages:
            stage(frame, 0.0)
        took.append(time.thread_time() - start)
    assert np.percentile(took, 25) < 0.001
