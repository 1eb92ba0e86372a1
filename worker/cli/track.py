"""`track`: what the mouth would do for a voice, as JSON to look at, to edit, and for `animate --track`."""

import argparse
import tempfile
from pathlib import Path

from worker.cli.options import add_voice_arguments, check_output, parse_frame_rate, voice_from
from worker.cli.terminal import EXIT_OK, Terminal
from worker.engine.contracts import TalkingPhotoRequest
from worker.engine.failures import EngineFailure, FailureCode

HELP = "write down what the mouth does for a voice, as JSON to edit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_voice_arguments(parser)
    parser.add_argument("--out", required=True, metavar="FILE", help="where the JSON goes")
    parser.add_argument("--fps", default="25", metavar="RATE", help="points per second (default 25)")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    audio, script = voice_from(options)
    if audio is None and script is None:
        raise EngineFailure(FailureCode.OPTION_INVALID, option="--audio", reason="give --audio or --text")
    output = check_output(Path(options.out), [audio])
    request = TalkingPhotoRequest(
        portrait_path=output,  # nobody looks at it
        output_path=output,
        audio_path=audio,
        script=script,
        frame_rate=parse_frame_rate(options.fps),
    )
    from worker.engine.speech.track_json import track_to_json
    from worker.engine.voicing import listen

    with tempfile.TemporaryDirectory(prefix="lipsmith-") as folder:
        track, _ = listen(request, Path(folder))
        output.write_text(track_to_json(track) + "\n", encoding="utf-8")
    terminal.emit(
        {
            "output": str(output),
            "frames": len(track.times_s),
            "duration_s": round(len(track.times_s) / float(request.frame_rate), 3),
            "method": track.method,
            "phonemes": len(track.phonemes),
        }
    )
    return EXIT_OK
