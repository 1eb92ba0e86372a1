"""`python -m worker bench preflight`: how long the first look at a minute of 1080p takes, and its parts, as JSON.

A clip of our own is drawn unless another is given; either is repeated and scaled to that length and size.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from worker.bench_dub import CHILD_TIMEOUT_S, drawn_clip, spent_cpu_s
from worker.engine.media.ffmpeg import run_ffmpeg
from worker.engine.media.workspace import Workspace

Report = dict[str, object]
MAX_PREFLIGHT_S = 10.0
LENGTH_S, QUICK_LENGTH_S = 60.0, 8.0
RATE_HZ, HEIGHT_PX = 30, 1080


def bench_preflight(options: argparse.Namespace, on_step: Callable[[str], None] | None = None) -> Report:
    """Everything `bench preflight` prints: wall and processor seconds of the whole report, and of each part by itself
    (in the report, the sound is listened to beside the pictures).

    Raises EngineFailure for clips that cannot be used.
    """
    from worker.engine.dub.report import look_over, samples_of
    from worker.engine.face.detection import FaceFinder
    from worker.engine.media.probe import probe
    from worker.engine.preflight import clip_sound, preflight_file, warm_up

    tell = on_step or (lambda step: None)
    length_s = QUICK_LENGTH_S if options.quick else LENGTH_S
    with Workspace() as workspace, FaceFinder() as finder:
        tell("making the clip")
        folder = Path(workspace.path)
        clip = _repeated(options.video or drawn_clip(folder), folder / "minute.mp4", length_s)
        info = probe(clip)
        video = info.video
        assert video is not None
        warm_up()
        tell("preflight")
        seen: Report = {}
        whole = _spent(lambda: seen.update(preflight_file(clip, "clip")))
        tell("parts")
        parts = {
            "decoding": _spent(lambda: [frame.pts_s for frame in samples_of(clip, video)]),
            "pictures": _spent(lambda: look_over(clip, video, finder)),
            "sound": _spent(lambda: clip_sound(clip, info)),
        }
    return {
        "width_px": video.width_px,
        "height_px": video.height_px,
        "duration_s": video.duration_s,
        "samples_per_s": seen.get("samples_per_s"),
        "preflight": whole,
        "parts": parts,
        "gates": {"preflight_at_most_10_s": whole["wall_s"] <= MAX_PREFLIGHT_S * length_s / LENGTH_S},
    }


def _spent(work: Callable[[], object]) -> dict[str, float]:
    started, cpu_s = time.perf_counter(), spent_cpu_s()
    work()
    return {"wall_s": round(time.perf_counter() - started, 2), "cpu_s": round(spent_cpu_s() - cpu_s, 2)}


def _repeated(video: Path, out: Path, length_s: float) -> Path:
    """The clip over and over, in that size and rate, as a phone or an editor would deliver it."""
    shape = f"scale=-2:{HEIGHT_PX},fps={RATE_HZ}"
    coded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac"]
    arguments = ["-stream_loop", "-1", "-i", f"file:{video}", "-t", str(length_s), "-vf", shape, *coded, str(out)]
    run_ffmpeg(arguments, CHILD_TIMEOUT_S)
    return out
