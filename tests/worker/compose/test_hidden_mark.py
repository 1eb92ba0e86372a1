"""The hidden mark: invisible, cheap, and found again after what happens to videos."""

import pickle
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.synth import drawn_portrait, run_ffmpeg, speechlike, write_audio, write_clip, write_image
from worker.compose.hidden_mark import check_render_id, hidden_mark_stage, read_hidden_mark
from worker.compose.hidden_mark_code import encode
from worker.compose.hidden_mark_pattern import expected, pilots, roles, sign_at, signs_for, spreading
from worker.compose.stages import ComposeOptions, stages_for
from worker.engine.failures import EngineFailure, FailureCode

PRESENTERS = Path(__file__).resolve().parents[3] / "static" / "presenters"
RENDER_ID = "c0ffee012345"
RATE = Fraction(25)
CRF_28 = ["-c:v", "libx264", "-crf", "28", "-pix_fmt", "yuv420p"]


def presenter(name: str, width_px: int, height_px: int) -> np.ndarray:
    picture = np.asarray(Image.open(PRESENTERS / f"{name}.jpg").convert("RGB"))
    scale = max(width_px / picture.shape[1], height_px / picture.shape[0])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return np.ascontiguousarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA)[:height_px, :width_px])


def marked_frames(picture: np.ndarray, seconds: float, options: ComposeOptions) -> list[np.ndarray]:
    """A still picture whose mouth region moves a little, with its marks."""
    height, width, _ = picture.shape
    stages = stages_for(options, width, height)
    frames = []
    for number in range(round(seconds * RATE)):
        frame = picture.copy()
        shift = round(3 * np.sin(number / 2))
        box = (slice(height // 2, height // 2 + height // 6), slice(width // 3, 2 * width // 3))
        frame[box] = np.roll(frame[box], shift, axis=0)
        for stage in stages:
            frame = stage(frame, float(number / RATE))
        frames.append(frame)
    return frames


@pytest.fixture(scope="module")
def free_clip(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("free")
    frames = marked_frames(presenter("mara", 400, 500), 1.6, ComposeOptions(render_id=RENDER_ID))
    return write_clip(folder / "free.mp4", frames)


@pytest.fixture(scope="module")
def paid_clip(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("paid")
    options = ComposeOptions(watermark=False, label_corner=None, render_id=RENDER_ID)
    return write_clip(folder / "paid.mp4", marked_frames(presenter("kofi", 480, 270), 1.6, options))


@pytest.mark.parametrize(
    "attack",
    [
        [],
        ["-vf", "scale=iw/2:ih/2"],
        ["-vf", "crop=iw*0.9:ih*0.9:iw*0.02:ih*0.08"],
        ["-vf", "crop=iw*0.9:ih*0.9:iw*0.1:0"],
        ["-vf", "scale=360:640:force_original_aspect_ratio=decrease:force_divisible_by=2,pad=360:640:-1:-1"],
        ["-vf", "hflip"],
        ["-ss", "0.3", "-r", "30"],
    ],
    ids=["crf28", "half", "crop", "crop-right", "padded", "mirrored", "trimmed-30fps"],
)
def test_the_id_survives_what_happens_to_a_free_render(free_clip, tmp_path, attack):
    run_ffmpeg(["-i", str(free_clip), *attack, *CRF_28, str(tmp_path / "attacked.mp4")])
    reading = read_hidden_mark(tmp_path / "attacked.mp4")
    assert reading.render_id == RENDER_ID
    assert reading.confidence > 0.999


@pytest.mark.parametrize("attack", [[], ["-vf", "crop=iw*0.9:ih*0.9"], ["-vf", "pad=iw:iw*16/9:0:-1"]])
def test_the_id_survives_what_happens_to_a_paid_export(paid_clip, tmp_path, attack):
    run_ffmpeg(["-i", str(paid_clip), *attack, *CRF_28, str(tmp_path / "attacked.mp4")])
    assert read_hidden_mark(tmp_path / "attacked.mp4").render_id == RENDER_ID


def test_the_id_is_read_across_a_cut_between_two_scenes(tmp_path):
    stage = hidden_mark_stage(320, 400, RENDER_ID)
    scenes = [presenter(name, 320, 400) for name in ("mara", "kofi")]
    frames = [stage(scenes[number >= 45].copy(), float(number / RATE)) for number in range(90)]
    assert read_hidden_mark(write_clip(tmp_path / "cut.mp4", frames)).render_id == RENDER_ID


def test_nothing_is_read_where_nothing_is(tmp_path):
    clip = write_clip(tmp_path / "plain.mp4", marked_frames(presenter("amara", 400, 500), 1.2, ComposeOptions()))
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    pictures = {"noise": noise, "flat": np.full((200, 300, 3), 90, np.uint8), "portrait": drawn_portrait(320, 400)}
    for path in (clip, *(write_image(tmp_path / f"{name}.png", rgb) for name, rgb in pictures.items())):
        reading = read_hidden_mark(path)
        assert reading.render_id is None, path.name
        assert reading.confidence < 0.99, path.name


@pytest.mark.parametrize("name", ["amara", "ingrid", "kenji", "kofi", "mara"])
@pytest.mark.parametrize("size", [(512, 512), (720, 1280)])
def test_the_mark_is_too_faint_to_see(name, size):
    before = presenter(name, *size).astype(int)
    after = hidden_mark_stage(*size, RENDER_ID)(before.astype(np.uint8), 0.0).astype(int)
    difference = np.abs(after - before)
    assert 10 * np.log10(255**2 / np.mean(difference**2.0)) >= 42
    assert difference.max() <= 2


def test_flat_ground_changes_by_one_level_and_texture_by_two():
    flat = np.full((512, 512, 3), 120, np.uint8)
    rough = np.random.default_rng(0).integers(60, 200, (512, 512, 3), dtype=np.uint8)
    changes = [
        np.abs(hidden_mark_stage(512, 512, RENDER_ID)(one.copy(), 0.0).astype(int) - one) for one in (flat, rough)
    ]
    assert [int(change.max()) for change in changes] == [1, 2]
    assert changes[0].mean() > 0.3


def test_black_and_white_do_not_wrap_around():
    for level in (0, 255):
        after = hidden_mark_stage(128, 128, RENDER_ID)(np.full((128, 128, 3), level, np.uint8), 0.0)
        assert np.abs(after.astype(int) - level).max() <= 2


def test_all_channels_change_alike_so_that_no_colour_shows():
    grey = np.full((256, 256, 3), (90, 140, 200), np.uint8)
    change = hidden_mark_stage(256, 256, RENDER_ID)(grey.copy(), 0.0).astype(int) - grey
    assert (change[..., 0] == change[..., 1]).all() and (change[..., 1] == change[..., 2]).all()


def test_the_same_frames_get_the_same_mark():
    frames = [presenter("mara", 256, 256) for _ in range(4)]
    runs = []
    for _ in range(2):
        stage = hidden_mark_stage(256, 256, RENDER_ID)
        runs.append([stage(frame.copy(), at / 25).tobytes() for at, frame in enumerate(frames)])
    assert runs[0] == runs[1]
    other = hidden_mark_stage(256, 256, "000000000000")(frames[0].copy(), 0.0).tobytes()
    assert other != runs[0][0]


def test_the_stage_works_in_place_and_spares_frames_that_must_not_be_written():
    stage = hidden_mark_stage(96, 96, RENDER_ID)
    frame = np.full((96, 96, 3), 100, np.uint8)
    assert stage(frame, 0.0) is frame
    kept = np.full((96, 96, 3), 100, np.uint8)
    kept.flags.writeable = False
    assert stage(kept, 0.0) is not kept
    assert (kept == 100).all()


def test_frames_of_another_shape_are_a_mistake():
    stage = hidden_mark_stage(96, 96, RENDER_ID)
    for wrong in (np.zeros((96, 95, 3), np.uint8), np.zeros((96, 96, 3), np.float32)):
        with pytest.raises(ValueError, match="expected"):
            stage(wrong, 0.0)


@pytest.mark.parametrize(
    "render_id", ["", "c0ffee01234", "c0ffee0123456", "c0ffee01234g", "../../../etc", "１２３４５６７８９０１２"]
)
def test_other_ids_are_refused(render_id):
    for use in (lambda: check_render_id(render_id), lambda: ComposeOptions(render_id=render_id)):
        with pytest.raises(EngineFailure) as caught:
            use()
        assert caught.value.code is FailureCode.OPTION_INVALID


def test_tiny_frames_are_refused():
    with pytest.raises(EngineFailure) as caught:
        hidden_mark_stage(63, 400, RENDER_ID)
    assert caught.value.code is FailureCode.OPTION_INVALID


def test_the_mark_is_laid_over_everything_else_and_left_out_unless_asked_for():
    assert len(stages_for(ComposeOptions(), 200, 200)) == 2
    stages = stages_for(ComposeOptions(render_id=RENDER_ID), 200, 200)
    assert type(stages[-1]).__name__ == "HiddenMarkStage"
    assert pickle.loads(pickle.dumps(ComposeOptions(render_id=RENDER_ID))).render_id == RENDER_ID


def test_any_window_of_cells_holds_every_sign_and_enough_pilots():
    for x, y in ((0, 0), (5, 50), (63, 17), (90, 90)):
        window = roles()[y : y + 24, x : x + 24]
        assert set(range(320)) <= set(window.ravel().tolist())
        assert pilots()[y : y + 24, x : x + 24].sum() > 80
    assert abs(spreading().mean()) < 0.05


def test_signs_turn_where_encoders_begin_anew_and_once_before_for_short_clips():
    signs = [sign_at(n / 25) for n in range(8 * 25)]
    turns = [n / 25 for n in range(1, len(signs)) if signs[n] != signs[n - 1]]
    assert signs[0] == 1 and turns == [1.0, 2.0, 4.0, 6.0]
    film = [sign_at(n * 1001 / 30000) for n in range(1801)]  # at 29.97 frames a second, too
    assert [n for n in range(61, 1801) if film[n] != film[n - 1]][:2] == [120, 180]


def test_marks_of_before_are_still_read(tmp_path):
    """Layout 1: four groups of cells, each turning over every second, a quarter of a second one after the other."""
    height, width = 500, 400
    cells = signs_for(encode(int(RENDER_ID, 16)))[:40, :32].astype(np.float32)
    group = np.round(-np.angle(expected(1) * spreading()) * 8 / (2 * np.pi)).astype(int)[:40, :32]

    def marked(rgb: np.ndarray, pts_s: float) -> np.ndarray:
        turned = np.where((int(np.floor(pts_s * 4 + 1e-6)) - group) % 8 < 4, 1, -1)
        field = cv2.resize(cells * turned, (width, height), interpolation=cv2.INTER_CUBIC)
        return np.clip(rgb + np.round(field)[..., None], 0, 255).astype(np.uint8)

    still = presenter("amara", width, height)
    clip = write_clip(tmp_path / "before.mp4", [marked(still, n / 25) for n in range(50)])
    run_ffmpeg(["-i", str(clip), *CRF_28, str(tmp_path / "again.mp4")])
    assert read_hidden_mark(tmp_path / "again.mp4").render_id == RENDER_ID


def test_what_is_no_picture_is_refused_as_everywhere(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a video\n" * 50)
    cases = {
        tmp_path / "none.mp4": FailureCode.FILE_MISSING,
        tmp_path / "empty.mp4": FailureCode.FILE_EMPTY,
        tmp_path / "text.mp4": FailureCode.FILE_UNREADABLE,
        write_audio(tmp_path / "voice.wav", speechlike(0.5)): FailureCode.FILE_WRONG_KIND,
    }
    for path, code in cases.items():
        with pytest.raises(EngineFailure) as caught:
            read_hidden_mark(path)
        assert caught.value.code is code, path.name


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_detection_holds_over_several_clips_and_no_id_is_read_wrongly(monkeypatch):
    from argparse import Namespace

    from worker import bench_marks
    from worker.bench_marks import marks_command, table

    monkeypatch.setattr(bench_marks, "COST_FRAMES", 10)
    monkeypatch.setattr(bench_marks, "COST_ROUNDS", 1)
    options = Namespace(trials=2, minutes=None, seconds=2.0, material=None, seed=5, jobs=1, json=False)
    report = marks_command(options, lambda step: None)
    rates = report["detection_rate"].values()
    assert min(rates) >= 1 / 2 and sum(rates) / len(rates) >= 0.9
    assert (report["wrong_ids"], sum(report["false_alarms"].values())) == (0, 0)
    assert sum(report["unmarked"].values()) == 2 * report["trials"]
    assert report["psnr_db"]["least"] >= 42
    assert report["sign_ms"]["median"] <= 200
    assert table(report).startswith("| what happened to the video (2 clips")
