"""`python -m worker bench dub`: how fast and how large a video dub is, as ratios within one run, printed as JSON.

The floor is a plain transcode of the same clip with the same encoder settings (x264 veryfast, crf 18): no dub can be
faster. A clip of our own is drawn unless another is given, so it runs anywhere.
"""

import argparse
import resource
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from worker.bench import TURNS, watched
from worker.engine.contracts import Script, SilentHooks, VideoDubRequest
from worker.engine.media.ffmpeg import run_ffmpeg
from worker.engine.media.workspace import Workspace

Report = dict[str, object]
MAX_TRANSCODE_RATIO = 2.0
MAX_MEMORY_MIB = 2048
MAX_MEMORY_GROWTH = 1.10
CHILD_TIMEOUT_S = 1800
CLIP_S, RATE = 8.0, Fraction(25)
SIZE_PX = (1280, 720)
DRAWN_FACES = 12  # different openings, from shut to wide
LONGER = 5
SENTENCE = "People speak, and pictures may speak too. Maybe a big moment begins with a few plain words. "


def add_dub_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bench dub`."""
    parser.add_argument("--video", type=Path, help="dub, preflight: a clip instead of the drawn one")
    parser.add_argument("--dub-child", nargs=3, metavar=("VIDEO", "AUDIO", "OUT"), help=argparse.SUPPRESS)
    parser.add_argument("--dub-turns", type=int, default=TURNS, help=argparse.SUPPRESS)


def bench_dub(options: argparse.Namespace, on_step: Callable[[str], None] | None = None) -> Report:
    """Everything `bench dub` prints; `on_step` hears what is being measured.

    Raises EngineFailure for clips and voices that cannot be used, and INTERNAL when a measured dub dies.
    """
    if options.dub_child:
        return _measured(*(Path(part) for part in options.dub_child), turns=options.dub_turns)
    tell = on_step or (lambda step: None)
    with Workspace() as workspace:
        folder = Path(workspace.path)
        tell("making the clip")
        video = options.video or drawn_clip(folder)
        voice = options.audio or _voice(folder)
        tell("dub")
        dubbed = _child(video, voice, folder / "dub.mp4", TURNS)
        report: Report = {"dub": dubbed}
        for name, ours in (("", "warm"), ("_tracked", "tracked")):
            for kind, what in (("ratio", "s"), ("cpu_ratio", "cpu_s")):
                floor = float(dubbed[f"transcode_{what}"])  # type: ignore[arg-type]
                report[f"{kind}_to_transcode{name}"] = float(dubbed[f"{ours}_{what}"]) / floor  # type: ignore[arg-type]
        peaks = [float(dubbed["peak_mib"])]  # type: ignore[arg-type]
        if not options.no_memory and not options.quick:
            tell("memory")
            long, long_voice = _repeated(video, folder / "long.mkv"), _repeated(voice, folder / "long.wav")
            longer = _child(long, long_voice, folder / "long.mp4", 1)
            report["memory"] = {"times_longer": LONGER, "short_mib": peaks[0], "long_mib": longer["peak_mib"]}
            peaks.append(float(longer["peak_mib"]))  # type: ignore[arg-type]
    report["gates"] = {
        "ratio_to_transcode_at_most_2": float(report["ratio_to_transcode"]) <= MAX_TRANSCODE_RATIO,  # type: ignore[arg-type]
        "ratio_to_transcode_tracked_at_most_2": float(report["ratio_to_transcode_tracked"]) <= MAX_TRANSCODE_RATIO,  # type: ignore[arg-type]
        "memory_at_most_2_gib": max(peaks) <= MAX_MEMORY_MIB,
        **({"memory_flat": peaks[1] <= MAX_MEMORY_GROWTH * peaks[0]} if len(peaks) > 1 else {}),
    }
    return report


def drawn_clip(folder: Path) -> Path:
    """A drawn presenter who opens and shuts the mouth three times a second."""
    from worker.compose.presenters import CAST, paint_presenter
    from worker.compose.presenters.face import Pose
    from worker.engine.media.encode import VideoEncoder

    look = next(iter(CAST.values())) if isinstance(CAST, dict) else CAST[0]
    gaps = np.linspace(0.0, 0.3, DRAWN_FACES)
    faces = [paint_presenter(look, *SIZE_PX, pose=Pose(gap=float(gap))) for gap in gaps]
    path = folder / "drawn.mp4"
    with VideoEncoder(path, *SIZE_PX, RATE) as encoder:
        for index in range(round(CLIP_S * RATE)):
            opening = np.sin(np.pi * 1.5 * float(index / RATE)) ** 2
            encoder.write(faces[round(opening * (DRAWN_FACES - 1))])
    return path


def _voice(folder: Path) -> Path:
    from worker.engine.speech.voices import synthesize

    path = folder / "voice.wav"
    synthesize(Script(SENTENCE, "en-us"), path)
    return path


def _repeated(path: Path, out: Path) -> Path:
    run_ffmpeg(["-stream_loop", str(LONGER - 1), "-i", f"file:{path}", "-c", "copy", str(out)], CHILD_TIMEOUT_S)
    return out


def spent_cpu_s() -> float:
    """Processor seconds of this process and of those it has started and seen end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _transcode(video: Path, out: Path) -> tuple[float, float]:
    """Wall and processor seconds of decoding and encoding the clip with nothing in between."""
    started, cpu_s = time.perf_counter(), spent_cpu_s()
    settings = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-c:a", "aac"]
    run_ffmpeg(["-i", f"file:{video}", "-map", "0:v:0", "-map", "0:a:0?", *settings, str(out)], CHILD_TIMEOUT_S)
    return time.perf_counter() - started, spent_cpu_s() - cpu_s


def _child(video: Path, voice: Path, out: Path, turns: int) -> Report:
    """The dubs in a process of its own, watched from outside with all it starts."""
    told = ["--dub-child", str(video), str(voice), str(out), "--dub-turns", str(turns)]
    return watched(["worker", "bench", "dub", *told], step="dub")


def _measured(video: Path, voice: Path, out: Path, turns: int) -> Report:
    """`turns` times, after the models have been loaded by a look at one second: a transcode, a dub of a clip never seen
    before, and one of the same clip again, with kept tracks. What else the machine does can only add to a time, so the
    best of each counts.
    """
    from worker.engine.contracts import RenderResult, SyncMode
    from worker.engine.video_dub import dub

    result: RenderResult
    with Workspace() as workspace:
        folder = Path(workspace.path)
        taste = folder / "taste.mkv"
        run_ffmpeg(["-t", "1", "-i", f"file:{video}", "-c", "copy", str(taste)], CHILD_TIMEOUT_S)
        dub(VideoDubRequest(taste, folder / "taste.mp4", audio_path=voice), SilentHooks())
        plain, warm, tracked = [], [], []
        for turn in range(turns):
            plain.append(_transcode(video, folder / "plain.mp4"))
            cache = folder / f"tracks-{turn}"
            for seen in (warm, tracked):
                request = VideoDubRequest(video, out, audio_path=voice, sync_mode=SyncMode.SILENCE, cache_dir=cache)
                started, cpu_s = time.perf_counter(), spent_cpu_s()
                result = dub(request, SilentHooks())
                spent = time.perf_counter() - started, spent_cpu_s() - cpu_s
                seen.append((*spent, {name: round(float(value), 3) for name, value in result.stage_seconds.items()}))
    transcode, first, again = (min(runs, key=lambda run: run[0]) for runs in (plain, warm, tracked))
    return {
        "width_px": result.width_px,
        "height_px": result.height_px,
        "frames": result.frame_count,
        "duration_s": result.duration_s,
        "turns": turns,
        "transcode_s": transcode[0],
        "transcode_cpu_s": transcode[1],
        "warm_s": first[0],
        "warm_cpu_s": first[1],
        "tracked_s": again[0],
        "tracked_cpu_s": again[1],
        "ms_per_frame": 1000 * first[0] / max(1, result.frame_count),
        "real_time_factor": result.duration_s / first[0],
        "stage_seconds": first[2],
        "tracked_stage_seconds": again[2],
    }
