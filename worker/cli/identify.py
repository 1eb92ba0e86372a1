"""`identify FILE`: was this made here? One JSON object with what the content credentials and the hidden mark say."""

import argparse
from dataclasses import asdict
from pathlib import Path

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "read the content credentials and the hidden mark of a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a video or a picture")
    parser.add_argument(
        "--credentials", metavar="FOLDER", type=Path, help="where our certificate is: what it signed is told as trusted"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    from worker.compose.certificates import root_in
    from worker.compose.provenance import identify

    root_pem = None if options.credentials is None else root_in(options.credentials)
    found = identify(Path(options.file), root_pem)
    terminal.emit(
        {
            "made_here": found.is_made_here,
            "render_id": found.render_id,
            "credentials": asdict(found.credentials),
            "hidden_mark": asdict(found.hidden_mark),
        }
    )
    return EXIT_OK
