"""`lines`: what is to be said in a clip, between JSON and subtitles, with how well each text fits its time."""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from worker.cli.options import check_output
from worker.cli.terminal import EXIT_OK, Terminal
from worker.engine.contracts import DubSegment
from worker.engine.failures import EngineFailure, FailureCode

HELP = "turn subtitles into lines for `dub --segments` or back, and say which texts are too long"
_SUBTITLES = (".srt", ".vtt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="IN", help="lines.json, or subtitles: .srt, .vtt")
    parser.add_argument("--out", metavar="FILE", help="where to write them: .json, .srt or .vtt")
    parser.add_argument("--voice", metavar="ID", help="who speaks subtitles, e.g. fr")
    parser.add_argument("--clip", metavar="FILE", help="check the lines against this clip's length")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    source = Path(options.input)
    output = None if options.out is None else check_output(Path(options.out), [source])
    if output is not None and output.suffix.lower() not in (".json", *_SUBTITLES):
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--out", allowed=".json, .srt, .vtt")
    lines = _read(source, options.voice)
    if options.clip is not None:
        lines = _checked(lines, Path(options.clip))
    told = _fits(lines)
    if output is not None:
        output.write_text(_written(lines, output.suffix.lower()), encoding="utf-8")
    terminal.emit({"output": None if output is None else str(output), "lines": told})
    return EXIT_OK


def _read(source: Path, voice: str | None) -> Sequence[DubSegment]:
    from worker.engine.dub.segments import read_segments
    from worker.engine.dub.srt import read_cues, segments_from_cues

    if source.suffix.lower() not in _SUBTITLES:
        return read_segments(source)
    cues = read_cues(source)
    if not voice:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--voice", reason="subtitles need a voice to speak them")
    return segments_from_cues(cues, voice)


def _checked(lines: Sequence[DubSegment], clip: Path) -> Sequence[DubSegment]:
    from worker.engine.dub.segments import check_segments
    from worker.engine.media.probe import probe

    video = probe(clip).video
    if video is None:
        raise EngineFailure(FailureCode.NO_VIDEO_STREAM)
    return check_segments(lines, video.duration_s)


def _fits(lines: Sequence[DubSegment]) -> list[dict[str, object]]:
    """Each line spoken once, to know: how long it lasts, how fast it has to be, and how much is too much."""
    from worker.engine.dub.fitting import fit_speech

    told: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="lipsmith-") as folder:
        for number, line in enumerate(lines, start=1):
            entry: dict[str, object] = {"line": number, "start_s": line.start_s, "end_s": line.end_s}
            slot_s = line.end_s - line.start_s
            if line.script is not None and slot_s > 0:
                fitted = fit_speech(line.script, slot_s, Path(folder) / "line.wav")
                entry |= {
                    "text": line.script.text,
                    "spoken_s": round(fitted.spoken_s, 2),
                    "rate": round(fitted.rate, 2),
                    "fits": fitted.fits,
                    "chars_to_cut": fitted.chars_to_cut,
                }
            told.append(entry)
    return told


def _written(lines: Sequence[DubSegment], suffix: str) -> str:
    from worker.engine.dub.segments import segments_as_json
    from worker.engine.dub.srt import as_srt, as_vtt, cues_from_segments

    if suffix == ".json":
        return json.dumps({"segments": segments_as_json(lines)}, indent=2, ensure_ascii=False) + "\n"
    return (as_srt if suffix == ".srt" else as_vtt)(cues_from_segments(lines))
