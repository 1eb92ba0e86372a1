"""What commands that render videos have in common: progress while they work, and the facts of what was made."""

import argparse
import sys
from dataclasses import asdict

from worker.cli.terminal import Terminal
from worker.engine.contracts import Progress, RenderResult, Stage

_WORDS = {
    Stage.PREPARING: "Getting ready",
    Stage.LISTENING: "Listening to the voice",
    Stage.LOOKING: "Looking at the face",
    Stage.RENDERING: "Rendering",
    Stage.FINISHING: "Finishing",
}


def add_making_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--progress", choices=("json", "text", "none"), help="default: text on a terminal, else none")


def progress_style(options: argparse.Namespace, terminal: Terminal) -> str:
    if options.progress is not None:
        return str(options.progress)
    return "text" if terminal.err.isatty() and sys.platform != "win32" else "none"


class TellingHooks:
    """Tells the terminal how far the render is."""

    def __init__(self, terminal: Terminal, style: str) -> None:
        self._terminal = terminal
        self.style = style

    def on_progress(self, progress: Progress) -> None:
        if self.style == "json":
            eta_s = None if progress.eta_s is None else round(progress.eta_s, 1)
            self._terminal.emit(
                {"stage": progress.stage.value, "fraction": round(progress.fraction, 4), "eta_s": eta_s}
            )
        elif self.style == "text":
            left = "" if progress.eta_s is None else f" · {progress.eta_s:.0f} s left"
            self._terminal.status(f"{_WORDS[progress.stage]} {progress.fraction:4.0%}{left}")

    def on_thumbnail(self, jpeg: bytes, pts_s: float) -> None: ...

    def should_stop(self) -> bool:
        return self._terminal.interrupted

    def finish(self, result: RenderResult) -> None:
        """Tell what was made."""
        if self.style == "text":
            self._terminal.status("")
        facts = result_facts(result)
        done = {"stage": "done", "fraction": 1.0, "eta_s": 0.0, "result": facts}
        self._terminal.emit(done if self.style == "json" else facts)


def result_facts(result: RenderResult) -> dict[str, object]:
    return {
        "output": str(result.output_path),
        "width_px": result.width_px,
        "height_px": result.height_px,
        "frame_rate": f"{result.frame_rate.numerator}/{result.frame_rate.denominator}",
        "frame_count": result.frame_count,
        "duration_s": round(result.duration_s, 3),
        "size_bytes": result.size_bytes,
        "stage_seconds": {stage: round(seconds, 2) for stage, seconds in result.stage_seconds.items()},
        "emotion": result.emotion.value,
        "warnings": list(result.warnings),
        "sheet": dict(result.sheet),
        **({} if result.excerpt is None else {"excerpt": asdict(result.excerpt)}),
    }
