"""`python -m worker marks`: is the hidden mark found after what happens to videos out there, and is nothing else?

Each trial marks a short moving clip with an id of its own, encodes it as a render is encoded, does one thing after the
other to it, and reads. The same clip without a mark goes the same way, two attacks a trial: whatever is read there is a
false alarm. Pictures are our own drawn presenters, or the operator's; clips of a folder are used as they are.
"""

import argparse
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path
from statistics import mean, median

import cv2
import numpy as np

from worker.compose.certificates import make_dev_certificate
from worker.compose.credentials import Ingredient, Making, sign
from worker.compose.hidden_mark import hidden_mark_stage, read_hidden_mark
from worker.compose.stages import ComposeOptions, stages_for
from worker.engine.contracts import FrameStage
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.decode import decode_video
from worker.engine.media.encode import VideoEncoder
from worker.engine.media.ffmpeg import run_ffmpeg
from worker.engine.media.images import load_image
from worker.engine.media.workspace import Workspace

FRAME_RATE = Fraction(25, 2)  # half the usual, for speed; more frames only help the reader
SIZES_PX = ((400, 400), (400, 500), (360, 640), (640, 360))  # small for a render, which is the harder case
COST_RATE = Fraction(25)
COST_SIZES_PX = ((512, 512), (720, 1280))
COST_FRAMES = 150
COST_ROUNDS = 4  # the least of so many, since other work on the machine only ever adds
UNMARKED_ATTACKS = 2  # a trial, of the unmarked clip
LONGEST_ATTACK_S = 120.0
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".mp4", ".mov", ".mpg", ".webm"})

_CRF28 = ["-crf", "28"]
_CROP = "crop=trunc(iw*0.9/2)*2:trunc(ih*0.9/2)*2:trunc(iw*0.03):trunc(ih*0.07)"
_HALF = "scale=trunc(iw/4)*2:trunc(ih/4)*2"
_PAD = "scale=480:854:force_original_aspect_ratio=decrease:force_divisible_by=2,pad=480:854:(ow-iw)/2:(oh-ih)/2"
_PAD_SMALL = _PAD.replace("480", "360").replace("854", "640")
ATTACKS: dict[str, list[str]] = {
    "crf 28": _CRF28,
    "half size, crf 28": ["-vf", _HALF, *_CRF28],
    "cropped by 10 %, crf 28": ["-vf", _CROP, *_CRF28],
    "padded to 9:16, crf 28": ["-vf", _PAD, *_CRF28],
    "cropped by 10 %, half size, crf 28": ["-vf", f"{_CROP},{_HALF}", *_CRF28],
    "cropped by 10 %, padded to 360 × 640, crf 28": ["-vf", f"{_CROP},{_PAD_SMALL}", *_CRF28],
}

Report = dict[str, object]


@dataclass(frozen=True)
class Task:
    """One trial, for a process of its own."""

    source: Path
    number: int
    seed: int
    seconds: float


@dataclass(frozen=True)
class Trial:
    """What one clip showed: per attack the id read was the right one; ids read wrongly; and per attack of the unmarked
    clip, whether one was read where none was.
    """

    is_found: dict[str, bool]
    wrong: int
    is_false_alarm: dict[str, bool]
    psnr_db: float
    read_s: float
    sign_ms: float


def add_marks_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `marks`, for the command line's own parser."""
    parser.add_argument("--trials", type=int, default=200, metavar="N", help="clips to mark (default 200)")
    parser.add_argument("--minutes", type=float, metavar="M", help="report what has been done after so long")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S", help="how long each is (default 2)")
    parser.add_argument("--material", type=Path, metavar="FOLDER", help="pictures and clips instead of the drawn ones")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes at work at once")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same trials (default 0)")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")


def marks_command(options: argparse.Namespace, tell: Callable[[str], None]) -> Report:
    """Everything that `marks` prints.

    Raises:
        EngineFailure: OPTION_INVALID for numbers out of range and folders without anything to use.
    """
    if not 1 <= options.trials <= 100_000:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--trials", reason="it must be between 1 and 100000")
    if not 0.2 <= options.seconds <= 30:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--seconds", reason="it must be between 0.2 and 30")
    if not 1 <= options.jobs <= 64:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--jobs", reason="it must be between 1 and 64")
    material = _material(options.material)
    tasks = [
        Task(material[number % len(material)], number, options.seed, options.seconds)
        for number in range(options.trials)
    ]
    trials: list[Trial] = []
    ends_at = float("inf") if options.minutes is None else time.monotonic() + 60 * options.minutes
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        try:
            for trial in pool.map(run_trial, tasks):
                trials.append(trial)
                tell(f"Trial {len(trials)} of {options.trials}")
                if time.monotonic() > ends_at:
                    break
        finally:  # at the end, out of time, or interrupted: what has not begun need not begin
            pool.shutdown(wait=False, cancel_futures=True)
    tell("Cost")
    with Workspace() as workspace:
        cost = [_cost(material[0], size, Path(workspace.path)) for size in COST_SIZES_PX]
    psnr_db = [trial.psnr_db for trial in trials]
    return {
        "trials": len(trials),
        "clip_s": options.seconds,
        "material": len(material),
        "detection_rate": {name: mean(trial.is_found[name] for trial in trials) for name in ATTACKS},
        "wrong_ids": sum(trial.wrong for trial in trials),
        "unmarked": {name: sum(name in trial.is_false_alarm for trial in trials) for name in ATTACKS},
        "false_alarms": {name: sum(trial.is_false_alarm.get(name, False) for trial in trials) for name in ATTACKS},
        "psnr_db": {"mean": mean(psnr_db), "least": min(psnr_db)},
        "read_s": median(trial.read_s for trial in trials),
        "sign_ms": {"median": median(t.sign_ms for t in trials), "most": max(t.sign_ms for t in trials)},
        "cost": cost,
    }


def table(report: Report) -> str:
    """The report as a Markdown table and a few lines."""
    rates, psnr, sign_ms = report["detection_rate"], report["psnr_db"], report["sign_ms"]
    assert isinstance(rates, dict) and isinstance(psnr, dict) and isinstance(sign_ms, dict)
    alarms, unmarked = report["false_alarms"], report["unmarked"]
    assert isinstance(alarms, dict) and isinstance(unmarked, dict)
    clips = f"{report['trials']} clips, {report['clip_s']} s each"
    lines = [
        f"| what happened to the video ({clips}) | id read | false alarms |",
        "|---|---|---|",
        *(f"| {name} | {rate:.1%} | {alarms[name]} of {unmarked[name]} |" for name, rate in rates.items()),
        "",
        f"- ids read wrongly: {report['wrong_ids']}",
        f"- PSNR of marked frames: {psnr['mean']:.1f} dB on average, {psnr['least']:.1f} dB at worst",
        f"- reading takes {report['read_s']:.2f} s; signing {sign_ms['median']:.0f} ms, "
        f"at most {sign_ms['most']:.0f} ms",
    ]
    costs = report["cost"]
    assert isinstance(costs, list)
    for cost in costs:
        lines.append(
            f"- {cost['size']}: the mark takes {cost['stage_ms']:.2f} ms of CPU a frame, {cost['stage_ratio']:.1%} of "
            f"encoding; encoding a marked frame takes {cost['encode_ratio'] - 1:+.1%}; watermark and label take "
            f"{cost['watermark_ms']:.2f} ms, {cost['watermark_ratio']:.1%}"
        )
    return "\n".join(lines) + "\n"


def run_trial(task: Task) -> Trial:
    """Mark one clip, attack it in every way, read each time; sign it; and read an unmarked one."""
    rng = np.random.default_rng([task.seed, task.number])
    size = SIZES_PX[int(rng.integers(len(SIZES_PX)))]
    render_id = f"{int(rng.integers(1 << 48)):012x}"
    is_free = task.number % 2 == 0  # with watermark and label under the mark, or with neither
    label = "bottom-left" if is_free else None
    clip = list(_clip(task.source, size, task.seconds, rng))
    is_found, read_s, wrong = {}, [], 0
    with Workspace() as workspace:
        folder = Path(workspace.path)
        marked = stages_for(ComposeOptions(is_free, label, task.number, render_id), *size)
        rendered = _rendered(clip, marked, folder / "marked.mp4")
        for name, arguments in ATTACKS.items():
            attacked = _attacked(rendered, arguments)
            started = time.perf_counter()
            found = read_hidden_mark(attacked).render_id
            read_s.append(time.perf_counter() - started)
            is_found[name] = found == render_id
            wrong += found not in (None, render_id)
        plain = stages_for(ComposeOptions(is_free, label, task.number), *size)
        unmarked = _rendered(clip, plain, folder / "plain.mp4")
        names = list(ATTACKS)
        chosen = [names[(2 * task.number + step) % len(names)] for step in range(UNMARKED_ATTACKS)]
        return Trial(
            is_found,
            wrong,
            is_false_alarm={
                name: read_hidden_mark(_attacked(unmarked, ATTACKS[name])).render_id is not None for name in chosen
            },
            psnr_db=_psnr_db(clip[0], hidden_mark_stage(*size, render_id)(clip[0].copy(), 0.0)),
            read_s=median(read_s),
            sign_ms=_sign_ms(rendered, folder),
        )


def _rendered(
    clip: Sequence[np.ndarray], stages: Sequence[FrameStage], path: Path, rate: Fraction = FRAME_RATE
) -> Path:
    height, width, _ = clip[0].shape
    with VideoEncoder(path, width, height, rate) as encoder:
        for number, frame in enumerate(clip):
            rgb = frame.copy()
            for stage in stages:
                rgb = np.asarray(stage(rgb, float(number / rate)))
            encoder.write(rgb)
    return path


def _attacked(path: Path, arguments: Sequence[str]) -> Path:
    if not arguments:
        return path
    target = path.with_name(f"attacked-{path.name}")
    run_ffmpeg(["-i", str(path), *arguments, "-c:v", "libx264", "-pix_fmt", "yuv420p", str(target)], LONGEST_ATTACK_S)
    return target


def _sign_ms(path: Path, folder: Path) -> float:
    key = make_dev_certificate(folder / "certificate")
    started = time.perf_counter()
    sign(path, Making(ingredients=[Ingredient("portrait", "image/png", "00" * 32)]), key)
    return 1000 * (time.perf_counter() - started)


def _psnr_db(before: np.ndarray, after: np.ndarray) -> float:
    error = np.mean((before.astype(np.float64) - after) ** 2)
    return float(10 * np.log10(255**2 / error))


# ------------------------------------------------------------------------------------------------------------ material


def _material(folder: Path | None) -> list[Path]:
    if folder is None:
        folder = Path(__file__).resolve().parent.parent / "static" / "presenters"
    files = sorted(folder.rglob("*")) if folder.is_dir() else []
    found = [file for file in files if file.suffix.lower() in SUFFIXES and not file.stem.endswith("-thumb")]
    if not found:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--material", reason="no pictures or clips there")
    return found


def _clip(source: Path, size_px: tuple[int, int], seconds: float, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Frames of a clip, or of a picture whose middle sways as a head does; light and grain differ by trial."""
    gain, count = float(rng.uniform(0.6, 1.1)), max(2, round(seconds * FRAME_RATE))
    grain = rng.normal(0, float(rng.choice([0.0, 0.8, 2.0])), (size_px[1], size_px[0], 1)).astype(np.float32)
    frames: Iterable[np.ndarray]
    if source.suffix.lower() in {".mp4", ".mov", ".mpg", ".webm"}:
        frames = (_fitted(frame.rgb(), size_px) for frame in decode_video(source, end_s=float(count / FRAME_RATE)))
    else:
        frames = _swaying(_fitted(load_image(source).rgb, size_px), count, rng)
    for frame in frames:
        yield np.clip(frame * gain + grain, 0, 255).astype(np.uint8)


def _fitted(rgb: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """Scaled and cut to fill the size."""
    width, height = size_px
    scale = max(width / rgb.shape[1], height / rgb.shape[0])
    scaled = cv2.resize(
        rgb,
        (max(width, round(rgb.shape[1] * scale)), max(height, round(rgb.shape[0] * scale))),
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC,
    )
    x, y = (scaled.shape[1] - width) // 2, (scaled.shape[0] - height) // 2
    return scaled[y : y + height, x : x + width]


def _swaying(rgb: np.ndarray, count: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    height, width, _ = rgb.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    reach = np.exp(-(((x / width - 0.5) / 0.22) ** 2) - ((y / height - 0.5) / 0.26) ** 2)
    phase, rate_hz, far_px = rng.uniform(0, 6.28), rng.uniform(0.2, 1.5), 0.012 * min(width, height)
    for number in range(count):
        turn = 2 * np.pi * rate_hz * number / float(FRAME_RATE) + phase
        shift_x, shift_y = (np.float32(far_px * wave) for wave in (np.sin(turn), np.cos(2.3 * turn)))
        yield cv2.remap(rgb, x + shift_x * reach, y + shift_y * reach, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


# ---------------------------------------------------------------------------------------------------------------- cost


def _cost(source: Path, size_px: tuple[int, int], folder: Path) -> Report:
    """CPU time of the mark and of encoding, which is what other work on the machine does not change."""
    clip = list(_clip(source, size_px, COST_FRAMES / float(FRAME_RATE), np.random.default_rng(0)))
    marked, mark_s = _staged(
        clip, stages_for(ComposeOptions(watermark=False, label_corner=None, render_id="0123456789ab"), *size_px)
    )
    _, watermark_s = _staged(clip, stages_for(ComposeOptions(), *size_px))
    times = [[_encoder_s(frames, folder / "cost.mp4") for frames in (clip, marked)] for _ in range(COST_ROUNDS)]
    plain_s, marked_s = (min(column) for column in zip(*times, strict=True))
    return {
        "size": f"{size_px[0]} × {size_px[1]}",
        "stage_ms": 1000 * mark_s / len(clip),
        "watermark_ms": 1000 * watermark_s / len(clip),
        "encode_ms": 1000 * plain_s / len(clip),
        "stage_ratio": mark_s / plain_s,
        "watermark_ratio": watermark_s / plain_s,
        "encode_ratio": marked_s / plain_s,
    }


def _staged(clip: Sequence[np.ndarray], stages: Sequence[FrameStage]) -> tuple[list[np.ndarray], float]:
    """The frames with the stages drawn, and the CPU time that took."""
    drawn, spent_s = [], 0.0
    for number, frame in enumerate(clip):
        rgb = frame.copy()
        started = time.process_time()
        for stage in stages:
            rgb = np.asarray(stage(rgb, float(number / COST_RATE)))
        spent_s += time.process_time() - started
        drawn.append(rgb)
    return drawn, spent_s


def _encoder_s(frames: Sequence[np.ndarray], path: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _rendered(frames, [], path, COST_RATE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
