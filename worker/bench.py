"""`python -m worker bench`: how fast and how large, as ratios within one run, printed as JSON.

The floor is encoding the very same frames with the reference encoder (x264 veryfast, crf 18): no render can be faster
than that. A picture and a voice of our own are used unless others are given, so it runs anywhere.
"""

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from worker.bench_live import FIRST_SECOND_MAX_S, SENTENCES, bench_live, bench_long
from worker.engine.contracts import Progress, RenderResult, Script, SilentHooks, Stage, TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.media.workspace import Workspace

SIDE_PX = 512
FULL_HD_PX = (1080, 1920)
FRAME_RATE = Fraction(25)
SHORT_S, LONG_S = 6.0, 60.0
QUICK_SHORT_S, QUICK_LONG_S = 1.0, 4.0
SENTENCE = "People speak, and pictures may speak too. Maybe a big moment begins with a few plain words. "
FRAMES_IN_PARTS = 75
CHILD_TIMEOUT_S = 1800
POLL_S = 0.05
TURNS = 5  # of ours and of what it is measured against, one after the other
MAX_ENCODE_RATIO = 2.5
MIN_REAL_TIME_FACTOR = 3.0
MAX_MEMORY_GROWTH = 1.10
MAX_MEMORY_MIB = 1536

Report = dict[str, object]


class _FirstFrame(SilentHooks):
    """Notes when the first thing that a creator could see came out, and what each stage costs the processor."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.first_picture_s: float | None = None
        self.cpu_at_stage: dict[str, float] = {}

    def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None:
        if self.first_picture_s is None:
            self.first_picture_s = time.perf_counter() - self.started

    def on_progress(self, progress: Progress) -> None:
        self.cpu_at_stage.setdefault(progress.stage.value, _cpu_s(resource.RUSAGE_SELF))

    def stage_cpu_s(self) -> dict[str, float]:
        """Processor seconds of this process in each stage that has ended."""
        stages = list(self.cpu_at_stage.items())
        return {name: after - at for (name, at), (_, after) in pairwise(stages)}


def add_bench_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bench`, for the command line's own parser."""
    parser.add_argument("--portrait", type=Path, help="a picture with a face instead of the drawn one")
    parser.add_argument("--audio", type=Path, help="a voice instead of a synthesised one")
    parser.add_argument("--quick", action="store_true", help="1 and 4 seconds instead of 6 and 60")
    parser.add_argument("--long", action="store_true", help="also a script of ten minutes against one of a minute")
    parser.add_argument("--no-memory", action="store_true", help="leave out the two renders that measure memory")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--json", action="store_true", help="print JSON (always so; kept for scripts)")
    parser.add_argument("--child", nargs=3, metavar=("PORTRAIT", "AUDIO", "OUT"), help=argparse.SUPPRESS)


def bench_command(
    arguments: Sequence[str] | argparse.Namespace, on_step: Callable[[str], None] | None = None
) -> Report:
    """Everything `bench` prints. `on_step` hears what is being measured.

    Raises EngineFailure for pictures and voices that cannot be used, and INTERNAL when a measured render dies.
    """
    if not isinstance(arguments, argparse.Namespace):
        parser = argparse.ArgumentParser(prog="bench")
        add_bench_arguments(parser)
        arguments = parser.parse_args(list(arguments))
    if arguments.child:
        return _measured_child(*(Path(part) for part in arguments.child), device=arguments.device)
    tell = on_step or (lambda step: None)
    short_s, long_s = (QUICK_SHORT_S, QUICK_LONG_S) if arguments.quick else (SHORT_S, LONG_S)
    with Workspace() as workspace:
        folder = Path(workspace.path)
        portrait = _square_portrait(arguments.portrait, folder)
        short, long = (_voice(arguments.audio, seconds, folder) for seconds in (short_s, long_s))
        report: Report = {"machine": _machine(), "picture_px": SIDE_PX, "frame_rate": float(FRAME_RATE)}
        tell("talking photo")
        report["talking_photo"] = _bench_talking_photo(portrait, short, folder, arguments.device)
        if not arguments.quick:
            tell("1080 × 1920")
            report["full_hd"] = _bench_full_hd(short, folder, arguments.device)
        tell("a script, played while it is made")
        sentences = SENTENCES[:2] if arguments.quick else SENTENCES
        report["live"] = bench_live(portrait, folder, arguments.device, sentences)
        if arguments.long:
            tell("ten minutes")
            report["long"] = bench_long(portrait, folder, arguments.device, watched)
        tell("parts of a frame")
        report["frame_cpu_ms"] = _bench_frame(portrait, short)
        tell("preflight")
        report["preflight_s"] = _bench_preflight(portrait, short)
        if not arguments.no_memory:
            tell("memory")
            report["memory"] = _bench_memory(portrait, short, long, folder, arguments.device)
    report["gates"] = _gates(report)
    return report


def _bench_talking_photo(portrait: Path, voice: Path, folder: Path, device: str) -> Report:
    from worker.engine.looking import forget

    request = TalkingPhotoRequest(portrait, folder / "warm.mp4", audio_path=voice, frame_rate=FRAME_RATE, device=device)
    cold = _timed_render(request)  # models load here, once per worker
    request = TalkingPhotoRequest(portrait, folder / "talk.mp4", audio_path=voice, frame_rate=FRAME_RATE, device=device)
    turns: list[tuple[_Timed, _Timed, _Timed]] = []
    for _ in range(TURNS):
        forget()  # a warm worker, but a photo it does not know
        turns.append((_timed_render(request), _timed_render(request), _encode_floor(request.output_path, folder)))
    # What else the machine does can only add to a time: the best of each is nearest to what the work itself takes.
    warm, again, floor = (min(runs, key=lambda run: run.seconds) for runs in zip(*turns, strict=True))
    result, frames = warm.result, max(1, warm.result.frame_count)
    stage_cpu_s = warm.stage_cpu_s or {}
    rendering_s = float(result.stage_seconds[Stage.RENDERING.value])
    return {
        "duration_s": result.duration_s,
        "frames": result.frame_count,
        "render_s": warm.seconds,
        "cold_render_s": cold.seconds,
        "first_picture_s": warm.first_picture_s,
        "encode_only_s": floor.seconds,
        "ratio_to_encode": warm.seconds / floor.seconds,
        "ratio_to_encode_while_rendering": rendering_s / floor.seconds,
        "real_time_factor": result.duration_s / warm.seconds,
        "same_photo_again": {"render_s": again.seconds, "ratio_to_encode": again.seconds / floor.seconds},
        "ms_per_frame": 1000 * warm.seconds / frames,
        "stage_seconds": dict(result.stage_seconds),
        "stage_cpu_seconds": stage_cpu_s,
        # Processor time does not depend on what else the machine is doing, wall time does.
        "cpu_ms_per_frame": {
            "engine": 1000 * stage_cpu_s.get(Stage.RENDERING.value, warm.own_cpu_s) / frames,
            "encoder": 1000 * warm.child_cpu_s / frames,
            "encode_only": 1000 * (floor.own_cpu_s + floor.child_cpu_s) / frames,
        },
    }


@dataclass(frozen=True)
class _Timed:
    """One render or encode: wall seconds, processor seconds of this process and of the processes it started."""

    seconds: float
    own_cpu_s: float
    child_cpu_s: float
    result: RenderResult | None = None
    first_picture_s: float | None = None
    stage_cpu_s: dict[str, float] | None = None


def _cpu_s(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _timed_render(request: TalkingPhotoRequest) -> _Timed:
    from worker.engine.talking_photo import animate

    hooks = _FirstFrame()
    own_s, child_s = _cpu_s(resource.RUSAGE_SELF), _cpu_s(resource.RUSAGE_CHILDREN)
    result = animate(request, hooks)
    seconds = time.perf_counter() - hooks.started
    own_s, child_s = _cpu_s(resource.RUSAGE_SELF) - own_s, _cpu_s(resource.RUSAGE_CHILDREN) - child_s
    return _Timed(seconds, own_s, child_s, result, hooks.first_picture_s, hooks.stage_cpu_s())


def _encode_floor(video: Path, folder: Path) -> _Timed:
    """Encoding the frames of `video` with the reference encoder; decoding is left out."""
    from worker.engine.media.encode import VideoEncoder

    frames = list(_decoded(video))
    own_s, child_s = _cpu_s(resource.RUSAGE_SELF), _cpu_s(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    size = frames[0].shape[1], frames[0].shape[0]
    with VideoEncoder(folder / "floor.mp4", *size, FRAME_RATE, crf=18, preset="veryfast") as encoder:
        for rgb in frames:
            encoder.write(rgb)
    seconds = time.perf_counter() - started
    own_s, child_s = _cpu_s(resource.RUSAGE_SELF) - own_s, _cpu_s(resource.RUSAGE_CHILDREN) - child_s
    return _Timed(seconds, own_s, child_s)


def _bench_full_hd(voice: Path, folder: Path, device: str) -> Report:
    """A drawn presenter at 1080 × 1920, the size of a phone held upright; the best of a few runs."""
    from worker.compose.presenters import CAST, paint_presenter
    from worker.engine.looking import forget

    first = next(iter(CAST.values())) if isinstance(CAST, dict) else CAST[0]
    path = folder / "upright.png"
    Image.fromarray(paint_presenter(first, *FULL_HD_PX)).save(path)
    request = TalkingPhotoRequest(path, folder / "upright.mp4", audio_path=voice, frame_rate=FRAME_RATE, device=device)
    runs = []
    for _ in range(TURNS):
        forget()
        runs.append(_timed_render(request))
    timed = min(runs, key=lambda run: run.seconds)
    assert timed.result is not None
    return {
        "width_px": timed.result.width_px,
        "height_px": timed.result.height_px,
        "render_s": timed.seconds,
        "real_time_factor": timed.result.duration_s / timed.seconds,
        "real_time_factor_while_rendering": timed.result.duration_s
        / float(timed.result.stage_seconds[Stage.RENDERING.value]),
    }


def _bench_frame(portrait: Path, voice: Path) -> dict[str, float]:
    """Processor milliseconds of the steps of one frame, on one thread: medians over a stretch of speech."""
    from worker.engine.contracts import FaceChoice, Style
    from worker.engine.face.segmentation import person_matte
    from worker.engine.face.selection import require_face
    from worker.engine.media.audio import load_audio
    from worker.engine.media.images import load_image
    from worker.engine.media.yuv import to_i420
    from worker.engine.motion.plan import plan_motion
    from worker.engine.render.portrait import prepare_portrait
    from worker.engine.render.renderer import Renderer
    from worker.engine.speech.track import mouth_track_from_audio

    rgb = load_image(portrait).rgb
    face = require_face(rgb, FaceChoice())
    renderer = Renderer(prepare_portrait(rgb, face.landmarks.points_px, person_matte(rgb, [face.box])))
    times_s = np.arange(FRAMES_IN_PARTS) / float(FRAME_RATE)
    plan = plan_motion(mouth_track_from_audio(load_audio(voice), times_s), Style.NATURAL, 0)
    planes = np.empty((rgb.shape[0] * 3 // 2, rgb.shape[1]), np.uint8)
    canvas, rows = np.empty_like(rgb), []
    for motion in plan:
        moments = [time.process_time()]
        renderer.sketch(motion)
        moments.append(time.process_time())
        renderer.render(motion, canvas)
        moments.append(time.process_time())
        to_i420(canvas, planes)
        moments.append(time.process_time())
        rows.append(np.diff(moments))
    sketch, whole, to_planes = 1000 * np.median(rows, axis=0)
    return {
        "fields_mouth_eyes": float(sketch),
        "read_and_blend": float(whole - sketch),
        "planes": float(to_planes),
    }


def _decoded(video: Path) -> Iterator[np.ndarray]:
    from worker.engine.media.decode import decode_video

    for frame in decode_video(video, end_s=SHORT_S):
        yield frame.rgb()


def _bench_preflight(portrait: Path, voice: Path) -> dict[str, float]:
    """Warm seconds of a look at a picture and at a voice."""
    from worker.engine.preflight import preflight_file

    seconds = {}
    for name, path in (("portrait", portrait), ("voice", voice)):
        preflight_file(path)
        started = time.perf_counter()
        preflight_file(path)
        seconds[name] = time.perf_counter() - started
    return seconds


def _bench_memory(portrait: Path, short: Path, long: Path, folder: Path, device: str) -> Report:
    peaks = {
        name: _child_report(portrait, voice, folder / f"{name}.mp4", device)
        for name, voice in (("short", short), ("long", long))
    }
    short_mib, long_mib = (float(peaks[name]["peak_mib"]) for name in ("short", "long"))  # type: ignore[arg-type]
    return {**peaks, "growth": long_mib / short_mib}


def _child_report(portrait: Path, voice: Path, out: Path, device: str) -> Report:
    """One render in a process of its own, watched from outside with all it starts (voice, encoder)."""
    return watched(["worker.bench", "--device", device, "--child", str(portrait), str(voice), str(out)])


def watched(command: Sequence[str], step: str = "memory") -> Report:
    """What a module of ours, run in a process of its own, reports, and its `peak_mib`: with all it starts.

    Raises EngineFailure: INTERNAL, with the `step` it was for, when it dies or takes half an hour.
    """
    with subprocess.Popen(
        [sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        peak_mib = 0.0
        give_up = time.monotonic() + CHILD_TIMEOUT_S
        while child.poll() is None:
            peak_mib = max(peak_mib, tree_mib(child.pid))
            if time.monotonic() > give_up:
                child.kill()
            time.sleep(POLL_S)
        answer = child.stdout.read() if child.stdout is not None else ""
    if child.returncode != 0:
        raise EngineFailure(FailureCode.INTERNAL, step=step, exit_status=child.returncode)
    report: Report = json.loads(answer)
    # Without /proc the child's own word has to do; on Linux that word would include its parent's size at the fork.
    return {**report, "peak_mib": peak_mib or report.get("own_mib", 0.0)}


def tree_mib(pid: int) -> float:
    """Resident memory of a process and its descendants now; 0 where there is no /proc to read it from."""
    children: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()  # the name before it may hold anything
        except (OSError, IndexError):  # the process has just ended
            continue
        number = int(entry.parent.name)
        children.setdefault(int(fields[1]), []).append(number)
        pages[number] = int(fields[21])
    family, todo = 0, [pid]
    while todo:
        number = todo.pop()
        family += pages.get(number, 0)
        todo += children.get(number, [])
    return family * resource.getpagesize() / 2**20


def _measured_child(portrait: Path, voice: Path, out: Path, *, device: str) -> Report:
    timed = _timed_render(TalkingPhotoRequest(portrait, out, audio_path=voice, frame_rate=FRAME_RATE, device=device))
    assert timed.result is not None
    own_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "duration_s": timed.result.duration_s,
        "render_s": timed.seconds,
        "real_time_factor": timed.result.duration_s / timed.seconds,
        "stage_seconds": dict(timed.result.stage_seconds),
        "own_mib": own_kib / 1024,
    }


def _square_portrait(given: Path | None, folder: Path) -> Path:
    """A 512 px square of the given picture, or of a drawn presenter."""
    if given is not None:
        from worker.engine.media.images import load_image

        rgb = load_image(given).rgb
    else:
        from worker.compose.presenters import CAST, paint_presenter

        rgb = paint_presenter(next(iter(CAST.values())) if isinstance(CAST, dict) else CAST[0], SIDE_PX, SIDE_PX)
    side = min(rgb.shape[:2])
    left = (rgb.shape[1] - side) // 2
    picture = (
        Image.fromarray(rgb).crop((left, 0, left + side, side)).resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    )
    path = folder / "portrait.png"
    picture.save(path)
    return path


def _voice(given: Path | None, seconds: float, folder: Path) -> Path:
    """A mono 16-bit WAV of `seconds`: the given or a synthesised voice, repeated as often as needed."""
    import wave

    from worker.engine.media.audio import load_audio

    source = given
    if source is None:
        from worker.engine.speech.voices import synthesize

        source = folder / "sentence.wav"
        if not source.exists():
            synthesize(Script(SENTENCE, "en-us"), source)
    audio = load_audio(source)
    count = round(seconds * audio.sample_rate_hz)
    samples = np.tile(audio.samples, -(-count // max(1, len(audio.samples))))[:count]
    path = folder / f"voice_{seconds:g}s.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(audio.sample_rate_hz)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def _machine() -> Report:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    load = None
    with contextlib.suppress(OSError):
        load = round(os.getloadavg()[0], 2)
    return {"cores": cores, "load_before": load}


def _gates(report: Report) -> dict[str, bool]:
    photo: Report = report["talking_photo"]  # type: ignore[assignment]
    gates = {
        "ratio_to_encode_at_most_2_5": float(photo["ratio_to_encode"]) <= MAX_ENCODE_RATIO,  # type: ignore[arg-type]
        "real_time_factor_at_least_3": float(photo["real_time_factor"]) >= MIN_REAL_TIME_FACTOR,  # type: ignore[arg-type]
    }
    full_hd = report.get("full_hd")
    if isinstance(full_hd, dict):
        gates["full_hd_real_time"] = full_hd["real_time_factor"] >= 1.0
    live = report.get("live")
    if isinstance(live, dict):
        gates["first_second_playable_within_2_s"] = live["first_playable_second_s"] <= FIRST_SECOND_MAX_S
    long = report.get("long")
    if isinstance(long, dict):
        gates["memory_flat_over_ten_minutes"] = long["growth"] <= MAX_MEMORY_GROWTH
        gates["ten_minutes_in_1_5_gib"] = long["ten_minutes"]["peak_mib"] <= MAX_MEMORY_MIB
    memory = report.get("memory")
    if isinstance(memory, dict):
        # Over a minute the fixed costs (listening, looking) weigh what they weigh in a creator's day.
        a_minute = memory["long"]["render_s"] / memory["long"]["duration_s"]
        floor = float(photo["encode_only_s"]) / float(photo["duration_s"])  # type: ignore[arg-type]
        gates["ratio_to_encode_of_the_long_render"] = a_minute / floor <= MAX_ENCODE_RATIO
        gates["memory_flat"] = memory["growth"] <= MAX_MEMORY_GROWTH
        gates["memory_at_most_1_5_gib"] = memory["long"]["peak_mib"] <= MAX_MEMORY_MIB
    return gates


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bench_command(sys.argv[1:])) + "\n")
