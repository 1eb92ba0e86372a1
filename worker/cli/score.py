"""`score`: how good are the mouths, in numbers, each beside its controls. One JSON object on stdout."""

import argparse

from worker.cli.terminal import EXIT_OK, Terminal

HELP = "measure quality against real clips"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from worker.engine.quality.score import add_score_arguments

    add_score_arguments(parser)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    from worker.engine.quality.score import score_command

    watched = terminal.err.isatty()

    def on_clip(name: str) -> None:
        if watched:
            terminal.status(f"Scoring {name}")

    report = score_command(options, on_clip)
    if watched:
        terminal.status("")
    terminal.emit(report)
    return EXIT_OK
