"""Option values that need more than argparse: each refuses with OPTION_INVALID, so the message tells which and why."""

import argparse
import os
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

from worker.engine.contracts import FaceChoice, Script
from worker.engine.failures import EngineFailure, FailureCode

_NTSC_NOMINAL_RATES = (24, 30, 48, 60, 120)


class StrictParser(argparse.ArgumentParser):
    """Raises OPTION_INVALID instead of printing usage and exiting."""

    def error(self, message: str) -> NoReturn:
        raise EngineFailure(FailureCode.OPTION_INVALID, reason=message)


def add_voice_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that say what the voice is; `voice_from` reads them."""
    voice = parser.add_mutually_exclusive_group()
    voice.add_argument("--audio", metavar="FILE", help="a recording of the voice")
    voice.add_argument("--text", help="words to be spoken; needs --voice")
    parser.add_argument("--voice", metavar="ID", help="which voice speaks the text, e.g. en-us")
    parser.add_argument("--rate", default="1", metavar="FACTOR", help="how fast it speaks: 0.5 to 2 (default 1)")
    parser.add_argument("--pitch", default="1", metavar="FACTOR", help="how high it speaks: 0.5 to 2 (default 1)")


def voice_from(options: argparse.Namespace) -> tuple[Path | None, Script | None]:
    """The recording or the script; both None when neither was given."""
    if options.text is None:
        if options.voice:
            raise _invalid("--voice", "it only goes with --text")
        return optional_path(options.audio), None
    if not options.voice:
        raise _invalid("--voice", "--text needs a voice to speak it")
    rate = parse_factor("--rate", options.rate, 0.5, 2.0)
    return None, Script(options.text, options.voice, rate, parse_factor("--pitch", options.pitch, 0.5, 2.0))


def optional_path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def parse_face(text: str) -> FaceChoice:
    """`auto`, an index such as `0`, or a point such as `320,180`."""
    if text == "auto":
        return FaceChoice()
    try:
        if "," in text:
            x, y = (float(part) for part in text.split(","))
            if not (0 <= x < 1e6 and 0 <= y < 1e6):
                raise ValueError(text)
            return FaceChoice(point=(x, y))
        index = int(text)
    except ValueError:
        raise _invalid("--face", "give auto, a number such as 0, or a point such as 320,180") from None
    if index < 0:
        raise _invalid("--face", "faces are numbered from 0")
    return FaceChoice(index=index)


def parse_frame_rate(text: str) -> Fraction:
    """`25`, `29.97` (which means 30000/1001) or `30000/1001`; 1 to 120."""
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise _invalid("--fps", "give a number such as 25, 29.97 or 30000/1001") from None
    if not 1 <= rate <= 120:
        raise _invalid("--fps", "it must be between 1 and 120")
    for nominal in _NTSC_NOMINAL_RATES:
        exact = Fraction(nominal * 1000, 1001)
        if abs(rate - exact) < Fraction(6, 1000):
            return exact
    return rate


def parse_factor(option: str, text: str, low: float, high: float) -> float:
    """A number between `low` and `high`."""
    try:
        value = float(text)
    except ValueError:
        raise _invalid(option, "give a number") from None
    if not low <= value <= high:
        raise _invalid(option, f"it must be between {low:g} and {high:g}")
    return value


def parse_whole_number(option: str, text: str, low: int, high: int) -> int:
    """A whole number between `low` and `high`."""
    try:
        value = int(text)
    except ValueError:
        raise _invalid(option, "give a whole number") from None
    if not low <= value <= high:
        raise _invalid(option, f"it must be between {low} and {high}")
    return value


def check_output(output: Path, inputs: list[Path], option: str = "--out") -> Path:
    """The output's path, when a file can be made there without destroying an input."""
    if not output.name or output.is_dir():
        raise _invalid(option, "it must name a file, such as video.mp4")
    if not output.parent.is_dir():
        raise _invalid(option, "its folder does not exist")
    if not os.access(output.parent, os.W_OK):
        raise _invalid(option, "its folder cannot be written to")
    if any(path.exists() and output.exists() and output.samefile(path) for path in inputs):
        raise _invalid(option, "it would overwrite an input")
    return output


def _invalid(option: str, reason: str) -> EngineFailure:
    return EngineFailure(FailureCode.OPTION_INVALID, option=option, reason=reason)
