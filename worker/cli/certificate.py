"""`certificate FOLDER`: make a development certificate for content credentials, unless the folder has one."""

import argparse
from pathlib import Path

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "make a development certificate for content credentials"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="gets chain.pem, key.pem and root.pem")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    from worker.compose.certificates import make_dev_certificate

    key = make_dev_certificate(options.folder)
    terminal.emit({"folder": str(options.folder), "algorithm": key.algorithm})
    return EXIT_OK
