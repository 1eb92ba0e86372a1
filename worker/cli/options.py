"""Option values that need more than argparse: each refuses with OPTION_INVALID, so the message tells which and why."""

import argparse
import json
import os
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

from worker.engine.contracts import FaceChoice, Pronunciation, Script
from worker.engine.failures import EngineFailure, FailureCode
from worker.engine.speech.pronouncing import pronunciations_of

MAX_WORDS_BYTES = 1 << 20
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
    add_pronounce_argument(parser)
    parser.add_argument("--voice", metavar="ID", help="which voice speaks the text, e.g. en-us")
    parser.add_argument("--rate", default="1", metavar="FACTOR", help="how fast it speaks: 0.5 to 2 (default 1)")
    parser.add_argument("--pitch", default="1", metavar="FACTOR", help="how high it speaks: 0.5 to 2 (default 1)")


def add_pronounce_argument(parser: argparse.ArgumentParser) -> None:
    """How single words are said; `pronunciations_from` reads it."""
    parser.add_argument(
        "--pronounce",
        metavar="WORD=SAID",
        action="append",
        default=[],
        help="say WORD as SAID is spelled, e.g. ACME=“ack me”; again for each word. Captions keep WORD. @FILE: a JSON "
        "object of them",
    )


def pronunciations_from(words: Sequence[str]) -> tuple[Pronunciation, ...]:
    """`WORD=SAID` each, or `@FILE` for a JSON object of them.

    Raises:
        EngineFailure: OPTION_INVALID; FILE_MISSING, FILE_UNREADABLE.
    """
    pairs: list[tuple[str, str]] = []
    for text in words:
        if text.startswith("@") and "=" not in text:
            pairs += _pairs_in(Path(text[1:]))
            continue
        word, sign, said = text.rpartition("=")
        if not sign:
            raise _invalid("--pronounce", "give WORD=SAID, such as ACME=“ack me”")
        pairs.append((word, said))
    return pronunciations_of(pairs)


def _pairs_in(path: Path) -> list[tuple[str, str]]:
    from worker.engine.media.containers import check_file

    check_file(path)
    if path.stat().st_size > MAX_WORDS_BYTES:
        raise _invalid("--pronounce", "the file is too large for a list of words")
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise EngineFailure(FailureCode.FILE_UNREADABLE, file=path.name) from error
    if not isinstance(found, dict) or not all(isinstance(said, str) for said in found.values()):
        raise _invalid("--pronounce", 'the file has an object such as {"ACME": "ack me"}')
    return list(found.items())


def voice_from(options: argparse.Namespace) -> tuple[Path | None, Script | None]:
    """The recording or the script; both None when neither was given."""
    said = pronunciations_from(options.pronounce)
    if options.text is None:
        if options.voice:
            raise _invalid("--voice", "it only goes with --text")
        return optional_path(options.audio), None
    if not options.voice:
        raise _invalid("--voice", "--text needs a voice to speak it")
    rate = parse_factor("--rate", options.rate, 0.5, 2.0)
    pitch = parse_factor("--pitch", options.pitch, 0.5, 2.0)
    return None, Script(options.text, options.voice, rate, pitch, said)


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


def check_output(output: Path, inputs: Iterable[Path | str | None], option: str = "--out") -> Path:
    """The output's path, when a file can be made there without destroying an input. None: an input not given."""
    if not output.name or output.is_dir():
        raise _invalid(option, "it must name a file, such as video.mp4")
    if not output.parent.is_dir():
        raise _invalid(option, "its folder does not exist")
    if not os.access(output.parent, os.W_OK):
        raise _invalid(option, "its folder cannot be written to")
    given = (Path(path) for path in inputs if path is not None)
    if any(path.exists() and output.exists() and output.samefile(path) for path in given):
        raise _invalid(option, "it would overwrite an input")
    return output


def _invalid(option: str, reason: str) -> EngineFailure:
    return EngineFailure(FailureCode.OPTION_INVALID, option=option, reason=reason)
