"""`sheet VIDEO OUT`: frames of a clip side by side in one picture."""

import argparse
from pathlib import Path

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "lay frames of a clip side by side in one picture"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", metavar="VIDEO", type=Path)
    parser.add_argument("out", metavar="OUT", type=Path, help="picture to write (.png, .jpg, .webp)")
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--zoom-to-face", action="store_true", help="cut one fixed square around the face")
    parser.add_argument("--tile-width", type=int, default=240, metavar="PX")
    parser.add_argument("--start", type=float, default=0.0, metavar="S")
    parser.add_argument("--end", type=float, default=None, metavar="S")
    parser.add_argument("--no-captions", action="store_true", help="leave out the times")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    from worker.compose.sheets import contact_sheet

    width_px, height_px = contact_sheet(
        options.video,
        options.out,
        options.columns,
        options.rows,
        zoom_to_face=options.zoom_to_face,
        tile_width_px=options.tile_width,
        start_s=options.start,
        end_s=options.end,
        captions=not options.no_captions,
    )
    terminal.emit({"sheet": options.out.name, "width_px": width_px, "height_px": height_px})
    return EXIT_OK
