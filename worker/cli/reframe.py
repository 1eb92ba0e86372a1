"""`reframe VIDEO OUT --aspect 9:16`: another shape of a finished video, following the face."""

import argparse
from pathlib import Path

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "bring a video into another shape, following the face"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", metavar="VIDEO", type=Path)
    parser.add_argument("out", metavar="OUT", type=Path, help="an .mp4 file")
    parser.add_argument("--aspect", required=True, choices=["9:16", "1:1", "4:5", "16:9"])
    parser.add_argument("--fill", default="blur", choices=["blur", "solid", "extend"], help="around a small picture")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    from worker.compose.reframing import Fill, reframe
    from worker.engine.contracts import Aspect, SilentHooks

    made = reframe(options.video, options.out, Aspect(options.aspect), SilentHooks(), fill=Fill(options.fill))
    terminal.emit(
        {
            "video": options.out.name,
            "width_px": made.width_px,
            "height_px": made.height_px,
            "frames": made.frame_count,
            "filled": made.filled,
        }
    )
    return EXIT_OK
