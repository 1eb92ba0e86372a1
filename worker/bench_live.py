"""What waiting feels like: when the first second of a video can be played, what one changed sentence costs, and whether
a ten-minute script needs more memory than a one-minute one. Part of `python -m worker bench`.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from worker.engine.contracts import Script, SilentHooks, TalkingPhotoRequest
from worker.engine.media.encode_stream import time_scale
from worker.engine.media.fragments import first_tick

FRAME_RATE = Fraction(25)
VOICE = "en-us"
SENTENCES = (
    "Hello, and welcome to my channel, where pictures learn to speak.",
    "Today I want to tell you about something that I have been working on for a very long time.",
    "It began with a small idea, and it grew until there was no more room for it in my head.",
    "So I wrote it down, I read it aloud, and here it is, spoken by somebody who never was.",
)
CHANGED = "Now this sentence says something else."
SPOKEN_S = 21  # what the sentences take, about
FIRST_SECOND_MAX_S = 2.0

Report = dict[str, object]


class _Viewer(SilentHooks):
    """Notes when there is something to see, and when a second of it."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.first_picture_s: float | None = None
        self.first_second_s: float | None = None

    def on_fragment(self, number: int, data: bytes) -> None:
        if number == 0:
            return
        waited_s = time.perf_counter() - self.started
        self.first_picture_s = waited_s if self.first_picture_s is None else self.first_picture_s
        # this fragment's beginning is where the one before it ends
        if self.first_second_s is None and first_tick(data) >= time_scale(FRAME_RATE):
            self.first_second_s = waited_s


def _request(portrait: Path, out: Path, device: str, sentences: tuple[str, ...]) -> TalkingPhotoRequest:
    script = Script(" ".join(sentences), VOICE)
    return TalkingPhotoRequest(portrait, out, script=script, frame_rate=FRAME_RATE, device=device, fragments=True)


def bench_live(portrait: Path, folder: Path, device: str, sentences: tuple[str, ...] = SENTENCES) -> Report:
    """Seconds until the first picture and the first second play, warm; and of one changed sentence against all."""
    from worker.engine.looking import forget
    from worker.engine.talking_photo import animate

    request = _request(portrait, folder / "live.mp4", device, sentences)
    animate(request, SilentHooks())  # what is loaded once per worker
    forget()  # but not the photo
    viewer = _Viewer()
    result = animate(replace(request, segments_dir=folder / "segments"), viewer)
    whole_s = time.perf_counter() - viewer.started
    changed = replace(
        _request(portrait, folder / "changed.mp4", device, (sentences[0], CHANGED, *sentences[2:])),
        segments_dir=folder / "segments",
    )
    again = _Viewer()
    changed_result = animate(changed, again)
    changed_s = time.perf_counter() - again.started
    return {
        "duration_s": result.duration_s,
        "first_picture_s": viewer.first_picture_s,
        "first_playable_second_s": viewer.first_second_s,
        "render_s": whole_s,
        "changed_sentence": {
            "render_s": changed_s,
            "share_of_whole": changed_s / whole_s,
            "first_playable_second_s": again.first_second_s,
            "segments": changed_result.segments,
            "segments_kept": changed_result.segments_kept,
        },
    }


def bench_long(portrait: Path, folder: Path, device: str, watched: Callable[[list[str]], Report]) -> Report:
    """Peak memory of a script of one minute and of nearly ten, each rendered by a process of its own."""
    peaks = {}
    for name, minutes in (("one_minute", 1.0), ("ten_minutes", 9.5)):
        command = ["worker.bench_live", str(portrait), str(minutes), str(folder / f"{name}.mp4"), device]
        peaks[name] = watched(command)
    growth = float(peaks["ten_minutes"]["peak_mib"]) / float(peaks["one_minute"]["peak_mib"])  # type: ignore[arg-type]
    return {**peaks, "growth": growth}


def _measured(portrait: Path, minutes: float, out: Path, device: str) -> Report:
    from worker.engine.talking_photo import animate

    sentences = SENTENCES * max(1, round(minutes * 60 / SPOKEN_S))
    viewer = _Viewer()
    result = animate(_request(portrait, out, device, sentences), viewer)
    seconds = time.perf_counter() - viewer.started
    return {
        "duration_s": result.duration_s,
        "segments": result.segments,
        "render_s": seconds,
        "real_time_factor": result.duration_s / seconds,
        "first_playable_second_s": viewer.first_second_s,
        "own_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench_live")
    parser.add_argument("portrait", type=Path)
    parser.add_argument("minutes", type=float)
    parser.add_argument("out", type=Path)
    parser.add_argument("device")
    told = parser.parse_args()
    sys.stdout.write(json.dumps(_measured(told.portrait, told.minutes, told.out, told.device)) + "\n")
