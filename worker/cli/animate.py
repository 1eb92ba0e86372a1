"""`animate`: a photo becomes a video: with a voice, a script, a clip of somebody, or simply alive."""

import argparse
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from worker.cli.branding import add_logo_arguments, logo_stages
from worker.cli.options import (
    add_voice_arguments,
    check_output,
    optional_path,
    parse_face,
    parse_factor,
    parse_frame_rate,
    parse_whole_number,
    voice_from,
)
from worker.cli.rendering import TellingHooks, add_making_arguments, progress_style
from worker.cli.terminal import EXIT_OK, Terminal
from worker.engine.contracts import (
    MAX_AUDIO_S,
    MAX_IDLE_S,
    MIN_IDLE_S,
    Aspect,
    Background,
    Emotion,
    LifeScales,
    Still,
    Style,
    TalkingPhotoRequest,
)
from worker.engine.failures import EngineFailure, FailureCode

HELP = "make a talking photo"
LIFE = ("blink", "gaze", "brow", "head")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--portrait", required=True, metavar="FILE", help="the picture that shall speak")
    parser.add_argument("--out", required=True, metavar="FILE", help="where the video goes: .mp4, or .webm/.mov")
    add_voice_arguments(parser)
    moving = parser.add_argument_group("what moves it instead of a voice, or beside it")
    moving.add_argument("--drive", metavar="CLIP", help="a clip of anyone, whose face and head the photo follows")
    moving.add_argument("--mute", action="store_true", help="with --drive: leave the clip's sound out")
    moving.add_argument("--track", metavar="FILE", help="a mouth track made by `track`, perhaps edited")
    moving.add_argument("--idle", metavar="S", help="no voice: listen for so many seconds, as a loop")
    parser.add_argument("--face", default="auto", metavar="auto|INDEX|X,Y", help="which face speaks (default auto)")
    parser.add_argument("--aspect", default="source", choices=[a.value for a in Aspect])
    parser.add_argument("--style", default="natural", choices=[s.value for s in Style])
    life = parser.add_argument_group("life", "each 0 (off) to 2, 1 = as the style has it")
    for name, what in (("blink", "blinks"), ("gaze", "glances"), ("brow", "brow raises"), ("head", "head and breath")):
        life.add_argument(f"--{name}", default="1", metavar="FACTOR", help=what)
    parser.add_argument("--emotion", default="neutral", choices=[e.value for e in Emotion])
    parser.add_argument("--intensity", default="0.6", metavar="0-1", help="how much of the emotion (default 0.6)")
    parser.add_argument("--background", default="photo", choices=[b.value for b in Background])
    parser.add_argument("--still", nargs=2, metavar=("S", "FILE"), help="also write the frame at this second as a PNG")
    parser.add_argument("--fps", metavar="RATE", help="e.g. 29.97 or 30000/1001 (default 25; --drive: the clip's)")
    parser.add_argument("--seed", default="0", metavar="N", help="same seed, same frames (default 0)")
    parser.add_argument("--max-short-side", metavar="PX", help="scale the video down to this short side")
    add_logo_arguments(parser)
    add_making_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    request, stages = request_from(options), logo_stages(options)
    hooks = TellingHooks(terminal, progress_style(options, terminal))
    from worker.engine.talking_photo import animate

    result = animate(request, hooks, stages)
    hooks.finish(result)
    return EXIT_OK


def request_from(options: argparse.Namespace) -> TalkingPhotoRequest:
    """The request that the options describe.

    Raises:
        EngineFailure: OPTION_INVALID; what `probe` raises for a driving clip.
    """
    audio, script = voice_from(options)
    portrait, drive, track = Path(options.portrait), optional_path(options.drive), optional_path(options.track)
    idle_s = None if options.idle is None else parse_factor("--idle", options.idle, MIN_IDLE_S, MAX_IDLE_S)
    if (audio, script, drive, track, idle_s) == (None,) * 5:
        reason = "say what moves the photo: --audio, --text, --track, --drive or --idle"
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--audio", reason=reason)
    inputs = [portrait, audio, drive, track, options.logo]
    side = options.max_short_side
    return TalkingPhotoRequest(
        portrait_path=portrait,
        output_path=check_output(Path(options.out), inputs),
        audio_path=audio,
        script=script,
        face=parse_face(options.face),
        aspect=Aspect(options.aspect),
        style=Style(options.style),
        frame_rate=_frame_rate(options.fps, drive),
        seed=parse_whole_number("--seed", options.seed, 0, 2**63 - 1),
        device=options.device,
        max_short_side_px=None if side is None else parse_whole_number("--max-short-side", side, 64, 4096),
        life=LifeScales(*(parse_factor(f"--{n}", getattr(options, n), 0.0, 2.0) for n in LIFE)),
        emotion=Emotion(options.emotion),
        intensity=parse_factor("--intensity", options.intensity, 0.0, 1.0),
        track_path=track,
        drive_path=drive,
        mute=options.mute,
        idle_s=idle_s,
        background=Background(options.background),
        still=_still(options.still, inputs),
    )


def _frame_rate(text: str | None, drive: Path | None) -> Fraction:
    """What was asked for; else the driving clip's own rate, between 12 and 60; else 25."""
    if text is not None:
        return parse_frame_rate(text)
    if drive is None:
        return Fraction(25)
    from worker.engine.media.probe import probe

    video = probe(drive).video
    rate = Fraction(25) if video is None or video.is_variable_rate else video.frame_rate
    return rate if 12 <= rate <= 60 else Fraction(25)


def _still(words: list[str] | None, inputs: Sequence[Path | str | None]) -> Still | None:
    if words is None:
        return None
    path = check_output(Path(words[1]), inputs, option="--still")
    if path.suffix.lower() != ".png":
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--still", reason="its file must end in .png")
    return Still(parse_factor("--still", words[0], 0.0, MAX_AUDIO_S), path)
