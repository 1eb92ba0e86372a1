"""`preflight FILE`: one JSON object that says what was found, what may look bad, and what stands in the way."""

import argparse
from pathlib import Path

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "look at a picture, a voice or a clip before anything is rendered"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the file to look at")
    parser.add_argument(
        "--kind", choices=("portrait", "voice", "clip"), help="what it is meant as (default: what it is)"
    )


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Prints the report also when the file is refused; then the first refusal goes to stderr too, and the exit is 2."""
    from worker.engine.preflight import preflight_file

    report = preflight_file(Path(options.file), options.kind)
    terminal.emit(terminal.with_messages(report))
    problems = report["problems"]
    assert isinstance(problems, list)
    if not problems:
        return EXIT_OK
    first = problems[0]
    return terminal.fail(first["code"], at_s=first["at_s"], detail=first["detail"])
