"""`animate`: a photo and a voice (or a script) become a video."""

import argparse
import sys
from pathlib import Path

from worker.cli.options import (
    check_output,
    parse_face,
    parse_factor,
    parse_frame_rate,
    parse_whole_number,
)
from worker.cli.terminal import EXIT_OK, Terminal
from worker.engine.contracts import (
    Aspect,
    Progress,
    RenderResult,
    Script,
    Stage,
    Style,
    TalkingPhotoRequest,
)
from worker.engine.failures import EngineFailure, FailureCode

HELP = "make a talking photo"
_WORDS = {
    Stage.PREPARING: "Getting ready",
    Stage.LISTENING: "Listening to the voice",
    Stage.LOOKING: "Looking at the face",
    Stage.RENDERING: "Rendering",
    Stage.FINISHING: "Finishing",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--portrait", required=True, metavar="FILE", help="the picture that shall speak")
    voice = parser.add_mutually_exclusive_group(required=True)
    voice.add_argument("--audio", metavar="FILE", help="a recording of the voice")
    voice.add_argument("--text", help="words to be spoken; needs --voice")
    parser.add_argument("--voice", metavar="ID", help="which voice speaks the text, e.g. en-us")
    parser.add_argument("--rate", default="1", metavar="FACTOR", help="how fast it speaks: 0.5 to 2 (default 1)")
    parser.add_argument("--pitch", default="1", metavar="FACTOR", help="how high it speaks: 0.5 to 2 (default 1)")
    parser.add_argument("--out", required=True, metavar="FILE", help="where the MP4 goes")
    parser.add_argument("--face", default="auto", metavar="auto|INDEX|X,Y", help="which face speaks (default auto)")
    parser.add_argument("--aspect", default="source", choices=[a.value for a in Aspect])
    parser.add_argument("--style", default="natural", choices=[s.value for s in Style])
    parser.add_argument("--fps", default="25", metavar="RATE", help="e.g. 25, 29.97 or 30000/1001 (default 25)")
    parser.add_argument("--seed", default="0", metavar="N", help="same seed, same frames (default 0)")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--max-short-side", metavar="PX", help="scale the video down to this short side")
    parser.add_argument("--progress", choices=("json", "text", "none"), help="default: text on a terminal, else none")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    request = request_from(options)
    hooks = _TellingHooks(terminal, _progress_style(options, terminal))
    from worker.engine.talking_photo import animate

    result = animate(request, hooks)
    hooks.finish()
    facts = _facts(result)
    if hooks.style == "json":
        terminal.emit({"stage": "done", "fraction": 1.0, "eta_s": 0.0, "result": facts})
    else:
        terminal.emit(facts)
    return EXIT_OK


def request_from(options: argparse.Namespace) -> TalkingPhotoRequest:
    """The request that the options describe.

    Raises:
        EngineFailure: OPTION_INVALID.
    """
    portrait = Path(options.portrait)
    audio = None if options.audio is None else Path(options.audio)
    script = None
    if options.text is not None:
        if not options.voice:
            raise EngineFailure(FailureCode.OPTION_INVALID, option="--voice", reason="--text needs a voice to speak it")
        rate = parse_factor("--rate", options.rate, 0.5, 2.0)
        script = Script(options.text, options.voice, rate, parse_factor("--pitch", options.pitch, 0.5, 2.0))
    elif options.voice:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--voice", reason="it only goes with --text")
    side = options.max_short_side
    return TalkingPhotoRequest(
        portrait_path=portrait,
        output_path=check_output(Path(options.out), [portrait] if audio is None else [portrait, audio]),
        audio_path=audio,
        script=script,
        face=parse_face(options.face),
        aspect=Aspect(options.aspect),
        style=Style(options.style),
        frame_rate=parse_frame_rate(options.fps),
        seed=parse_whole_number("--seed", options.seed, 0, 2**63 - 1),
        device=options.device,
        max_short_side_px=None if side is None else parse_whole_number("--max-short-side", side, 64, 4096),
    )


def _progress_style(options: argparse.Namespace, terminal: Terminal) -> str:
    if options.progress is not None:
        return str(options.progress)
    return "text" if terminal.err.isatty() and sys.platform != "win32" else "none"


class _TellingHooks:
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
        return False

    def finish(self) -> None:
        if self.style == "text":
            self._terminal.status("")


def _facts(result: RenderResult) -> dict[str, object]:
    return {
        "output": str(result.output_path),
        "width_px": result.width_px,
        "height_px": result.height_px,
        "frame_rate": f"{result.frame_rate.numerator}/{result.frame_rate.denominator}",
        "frame_count": result.frame_count,
        "duration_s": round(result.duration_s, 3),
        "size_bytes": result.size_bytes,
        "stage_seconds": {stage: round(seconds, 2) for stage, seconds in result.stage_seconds.items()},
        "warnings": list(result.warnings),
        "sheet": dict(result.sheet),
    }
