"""`thumbnail VIDEO OUT`: the best frame as a picture, or a moving thumbnail."""

import argparse
from pathlib import Path

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "propose thumbnails: the best frames as pictures, or a moving one"
MOVING = (".webp", ".gif")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", metavar="VIDEO", type=Path)
    parser.add_argument("out", metavar="OUT", type=Path, help=".jpg or .png: the best frame; .webp or .gif: moving")
    parser.add_argument("--count", type=int, default=1, help="pictures: OUT, OUT-2, OUT-3 …, best first")
    parser.add_argument("--text", default="", help="words to lay over it")
    parser.add_argument("--shape", default="source", help="source, 9:16, 1:1, 4:5 or 16:9")
    parser.add_argument("--start", type=float, default=None, metavar="S", help="moving: where it begins")
    parser.add_argument("--duration", type=float, default=2.4, metavar="S")
    parser.add_argument("--width", type=int, default=320, metavar="PX")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    from PIL import Image

    from worker.compose.dressing import Design, Dressing
    from worker.compose.headline import Headline
    from worker.compose.thumbnails import best_frames, moving_thumbnail

    design = Design(options.shape, Headline(options.text))
    if options.out.suffix.lower() in MOVING:
        start_s = options.start
        if start_s is None:  # around the best frame
            start_s = max(0.0, best_frames(options.video, 1)[0].at_s - options.duration / 2)
        width_px, height_px, frames = moving_thumbnail(
            options.video, options.out, start_s=start_s, duration_s=options.duration, width_px=options.width,
            design=design,
        )  # fmt: skip
        terminal.emit({"thumbnail": options.out.name, "width_px": width_px, "height_px": height_px, "frames": frames})
        return EXIT_OK
    made = []
    for number, proposal in enumerate(best_frames(options.video, options.count), start=1):
        out = options.out if number == 1 else options.out.with_stem(f"{options.out.stem}-{number}")
        height, width = proposal.rgb.shape[:2]
        Image.fromarray(Dressing((width, height), design, proposal.face)(proposal.rgb)).save(out, quality=92)
        made.append({"thumbnail": out.name, "at_s": round(proposal.at_s, 3), "score": round(proposal.score, 3)})
    terminal.emit({"thumbnails": made})
    return EXIT_OK
