"""`dub`: a clip gets new words, and the lips follow."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from worker.cli.branding import add_logo_arguments, logo_stages
from worker.cli.options import (
    add_voice_arguments,
    check_output,
    parse_face,
    parse_factor,
    parse_whole_number,
    pronunciations_from,
    voice_from,
)
from worker.cli.rendering import TellingHooks, add_making_arguments, progress_style
from worker.cli.terminal import EXIT_OK, Terminal
from worker.engine.contracts import (
    Adaptation,
    DubSegment,
    FaceChoice,
    Loudness,
    Moment,
    Span,
    SyncMode,
    VideoDubRequest,
)
from worker.engine.failures import EngineFailure, FailureCode

HELP = "give a clip a new voice, and its lips follow"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--video", required=True, metavar="FILE", help="the clip")
    parser.add_argument("--out", required=True, metavar="FILE", help="where the video goes (.mp4)")
    add_voice_arguments(parser)
    parser.add_argument("--segments", metavar="FILE", help="JSON: stretches of the clip with a voice of their own")
    parser.add_argument("--sync-mode", default="cut_off", choices=[mode.value for mode in SyncMode],
                        help="when the voice is longer or shorter than the clip (default cut_off)")  # fmt: skip
    parser.add_argument("--face", default="auto", metavar="auto|INDEX|X,Y@T", help="who speaks (default: who does)")
    parser.add_argument("--keep-background", action="store_true", help="keep what is heard besides the voice")
    parser.add_argument("--loudness", default=Loudness.SOURCE.value, choices=[level.value for level in Loudness],
                        help="as loud as the clip was, or as streaming sites want it")  # fmt: skip
    parser.add_argument("--strength", default="1", metavar="0-1", help="how far the mouth follows (default 1)")
    parser.add_argument("--adapt", default="auto", choices=[a.value for a in Adaptation],
                        help="learn the speaker's habits from the clip's own voice, where that helps")  # fmt: skip
    parser.add_argument("--window", nargs="+", metavar="first|hardest|START END",
                        help="render only the first three spoken seconds, the hardest three, or these")  # fmt: skip
    parser.add_argument("--cache", metavar="FOLDER", help="keep face tracks here for the next dub of the same clip")
    parser.add_argument("--seed", default="0", metavar="N", help="same seed, same frames (default 0)")
    parser.add_argument("--max-short-side", metavar="PX", help="scale the video down to this short side")
    add_logo_arguments(parser)
    add_making_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    request, stages = request_from(options), logo_stages(options)
    hooks = TellingHooks(terminal, progress_style(options, terminal))
    from worker.engine.video_dub import dub

    result = dub(request, hooks, stages)
    hooks.finish(result)
    return EXIT_OK


def request_from(options: argparse.Namespace) -> VideoDubRequest:
    """The request that the options describe.

    Raises:
        EngineFailure: OPTION_INVALID; what is wrong with a file of segments.
    """
    audio, script = voice_from(options)
    if (audio is not None or script is not None) == (options.segments is not None):
        raise EngineFailure(
            FailureCode.OPTION_INVALID, option="--audio", reason="give one of --audio, --text and --segments"
        )
    video = Path(options.video)
    segments = () if options.segments is None else _segments(Path(options.segments), options.pronounce)
    sounds = [audio, *(segment.audio_path for segment in segments)]
    output = check_output(Path(options.out), [video, *sounds, options.segments, options.logo])
    if output.suffix.lower() != ".mp4":
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--out", reason="its name must end in .mp4")
    cache = None if options.cache is None else Path(options.cache)
    if cache is not None and not cache.is_dir():
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--cache", reason="it must be a folder")
    side = options.max_short_side
    return VideoDubRequest(
        video_path=video,
        output_path=output,
        audio_path=audio,
        script=script,
        segments=segments,
        face=face_at(options.face),
        sync_mode=SyncMode(options.sync_mode),
        keep_background=options.keep_background,
        loudness=Loudness(options.loudness),
        strength=parse_factor("--strength", options.strength, 0.0, 1.0),
        adapt=Adaptation(options.adapt),
        device=options.device,
        seed=parse_whole_number("--seed", options.seed, 0, 2**63 - 1),
        max_short_side_px=None if side is None else parse_whole_number("--max-short-side", side, 64, 4096),
        cache_dir=cache,
        window=None if options.window is None else window_from(options.window),
    )


def window_from(words: list[str]) -> Span | Moment:
    """`["first"]`, `["hardest"]`, or two times in seconds."""
    if len(words) == 1 and words[0] in set(Moment):
        return Moment(words[0])
    if len(words) != 2:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--window", reason="give first, hardest, or START END")
    start_s, end_s = (parse_factor("--window", word, 0.0, 1e6) for word in words)
    return Span(start_s, end_s)


def face_at(text: str) -> FaceChoice:
    """`auto`, an index such as `0`, or a point of the frame at a second, such as `320,180@2.5`."""
    where, at, second = text.partition("@")
    choice = parse_face(where)
    if not at:
        return choice
    if choice.point is None:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--face", reason="only a point has a time: X,Y@T")
    return replace(choice, at_s=parse_factor("--face", second, 0.0, 1e6))


def _segments(path: Path, pronounce: Sequence[str]) -> tuple[DubSegment, ...]:
    from worker.engine.dub.segments import read_segments

    said = pronunciations_from(pronounce)
    return tuple(
        line if line.script is None else replace(line, script=replace(line.script, pronunciations=said))
        for line in read_segments(path)
    )
